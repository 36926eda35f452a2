"""Parsing of a number from the command line."""

import argparse


def count(text: str) -> int:
    """Return the whole number in ``text``, for argparse, which refuses in one line what is less than 1."""
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"must be at least 1, got {number}")
    return number
