"""The five stages of ``dvc.yaml``: download, normalize, train, evaluate, report."""
