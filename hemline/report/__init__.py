"""The page, the summary and their figures.

Input: the outputs of all stages. Output: ``reports/index.html``, ``reports/summary.md`` and ``reports/figures/``.
"""
