"""DVC's experiments as they are shown to people: a table of 80 columns, and charts that need no network.

Takes what `dvc exp show --json` and `dvc plots show` know; hands on a table for the terminal, and a page.
"""
