"""Bringing a data set here, whole and verified or not at all.

Takes a data set's description, with the sources it names; hands on the files in ``data/raw/``.
"""
