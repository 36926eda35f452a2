"""Describing a user's own images: what they are, what is doubtful about them, and settings that fit.

Takes a path; hands on ``data/<name>.yaml``, sentences, and lines for ``params.yaml``. Images are read one by one, and
none is kept: of each, only a few hashes are.
"""
