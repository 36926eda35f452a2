"""Packages in the order of the data flow, one concept per file; pyproject.toml limits their imports."""
