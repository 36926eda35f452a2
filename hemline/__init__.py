"""Rooms that follow the data, one concept a file; what they import lies below them, as pyproject.toml has it."""
