"""Searches of settings: the trials of a variant, their validation scores, the chosen settings.

A search takes the normalized training and validation sets, never the test set; it passes on ``models/_tuned/``.
"""
