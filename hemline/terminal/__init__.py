"""Command-line help and progress bars; plain lines in a log."""
