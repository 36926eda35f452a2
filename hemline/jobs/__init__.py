"""Runs trainings in threads of this process or on cluster workers.

Input: settings (``params``) and a model family (``families``). Output: ``models/<variant>/`` (``trained.Trained``).
"""
