"""MLflow, as a view of what DVC versions; nothing outside this package imports mlflow.

``store`` opens the one store of a repository, ``record`` follows trainings as they happen, and ``publish`` completes
the store from what the workspace holds.
"""
