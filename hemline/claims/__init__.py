"""Tests published claims with repeated trainings.

``file`` reads the claims and their parts, of the ``kinds`` that exist. ``experiments`` trains through DVC,
``mlflow_runs`` completes the MLflow store, and ``outcome`` loads the results. Each kind of part judges itself, which
gives a ``finding``; ``verdicts`` decides on claims, and finds the results that depend on the choice of seeds.
``plots``, ``questions`` and ``page`` present them.
"""
