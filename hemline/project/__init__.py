"""Writes a project of your own from this repository, and takes over later changes."""
