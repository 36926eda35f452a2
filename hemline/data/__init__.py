"""Descriptions of data sets, raw images, normalized images.

Input: ``data/<name>.yaml`` and the files in ``data/raw/``. Output: ``data/normalized/`` (``normalized.Normalized``).
"""
