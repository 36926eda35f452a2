"""Tests published claims with repeated trainings.

``file`` reads the claims and their parts, of the ``kinds`` that exist. ``experiments`` trains through DVC,
``mlflow_runs`` completes the MLflow store, and ``evidence`` loads each ``outcome``. ``judge`` decides on parts,
``verdicts`` on claims; ``close`` finds the results that depend on the choice of seeds. ``plots``, ``questions`` and
``page`` present them.
"""
