"""MLflow, as a view of what DVC versions; nothing outside this package imports mlflow.

It takes what the stages hand on, and what a training tells of itself as it happens; it hands on runs in the one store
of the repository, their page, and the model that is served. No stage reads anything back: without a store, every result
is the same, and ``make sync`` completes one at any time.

- While training: ``recorder``, in the process that trains, sends ``messages`` to ``store_writer``, in a helper process.
- Afterwards: ``publish`` completes the store from the workspace, for the last stage in a helper process
  (``publisher``); ``label`` tags runs that are known by their models.
- Both write through ``mlflow_run`` (``run_name``, ``model_file``, ``flavors``) into the ``store`` (``liveness``,
  ``relocate``, ``damaged``, ``one_line``).
- The champion: ``registry`` promotes a model, ``restored`` registers it again, ``served`` is how it answers, ``server``
  are the commands that serve, ``scoring`` its server.
- ``leftovers`` are deleted for good.
"""

import os

# Here, because some are read when MLflow is imported, by whichever module below comes first.
_DEFAULTS = {
    "MLFLOW_DISABLE_TELEMETRY": "true",  # it looks up a host outside at each start
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "1",  # MLflow's own figures keep a training waiting for minutes
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "10",
    "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true",  # two lines for each run of a server, amid those of the epochs
    "MLFLOW_ALLOW_PICKLE_DESERIALIZATION": "false",  # Keras models need none
    "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
    "GIT_PYTHON_REFRESH": "quiet",
}
for _key, _value in _DEFAULTS.items():
    os.environ.setdefault(_key, _value)
