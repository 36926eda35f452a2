"""Published claims, each held against repeated trainings.

``file`` reads what was claimed, part by part of the ``kinds`` that there are; ``experiments`` trains it through DVC,
``mlflow_runs`` completes the MLflow store, ``evidence`` loads each ``outcome``, ``judge`` decides on parts, ``close``
tells which of these findings hang on the seeds, ``verdicts`` decides on claims, and ``plots``, ``questions`` and
``page`` show it.
"""
