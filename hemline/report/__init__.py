"""Telling what was found: the page, the summary, their figures and their words.

Takes what all stages hand on; hands on ``reports/index.html``, ``reports/summary.md`` and ``reports/figures/``.
"""
