"""Lists DVC experiments: a table of 80 columns, and offline charts.

Input: the output of `dvc exp show --json` and `dvc plots show`. Output: a table for the terminal, and a page.
"""
