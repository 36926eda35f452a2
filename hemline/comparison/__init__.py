"""Comparing the variants with the baseline: scores, intervals, verdicts, and which model deserves to be served.

Takes the predictions of trained models on the test images; hands on ``reports/metrics.json`` and
``reports/evaluation/`` (``evaluated.Evaluated``).
"""
