"""Compares the code of stages by meaning and records it in DVC.

Input: the files, dvc.lock and Git's history.
"""
