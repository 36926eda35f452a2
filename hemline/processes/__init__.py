"""Processes that end when they should: a helper beside this one, servers in the foreground, free ports."""
