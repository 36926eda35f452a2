"""Compares variants with the baseline: scores, intervals, verdicts, and the choice of the model to serve.

Input: predictions of trained models on the test images. Output: ``reports/metrics.json`` and ``reports/evaluation/``
(``evaluated.Evaluated``).
"""
