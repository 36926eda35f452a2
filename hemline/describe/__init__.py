"""Inspects your own images and proposes settings.

Input: a path. Output: ``data/<name>.yaml``, messages, and lines for ``params.yaml``. Images are read one by one, and
only a few hashes of each are kept.
"""
