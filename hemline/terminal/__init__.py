"""What people see in a terminal: the help of commands, and a bar while they wait; in a log, lines."""
