"""Fetches and verifies a data set.

Input: a data set's description with its sources. Output: the files in ``data/raw/``, complete or absent.
"""
