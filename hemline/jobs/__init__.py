"""Trainings as jobs: what a stage asks of the threads of its process or of the workers of a cluster, and what it gets.

Takes settings (``params``) and a model family (``families``); passes on ``models/<variant>/`` (``trained.Trained``).
"""
