"""Data sets: what one is, its verified raw images, and the normalized ones that networks train on.

Takes ``data/<name>.yaml`` and the files in ``data/raw/``; hands on ``data/normalized/`` (``normalized.Normalized``).
"""
