"""One module per library that trains the same network; each is imported only in a process of its own."""
