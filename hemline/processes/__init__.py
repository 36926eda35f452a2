"""Helper processes and foreground servers that stop cleanly, and free ports."""
