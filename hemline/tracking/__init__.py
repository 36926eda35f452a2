"""Logs to MLflow; no other package imports mlflow.

Input: the outputs of the stages, and events of running trainings. Output: runs in the repository's store, their page in
the UI, and the served model. No stage reads anything back: without a store, every result is the same, and ``make sync``
completes it at any time.

- While training: ``recorder``, in the process that trains, sends ``messages`` to ``store_writer``, in a helper process.
- Afterwards: ``publish`` completes the store from the workspace, for the last stage in a helper process
  (``publisher``); ``label`` tags runs that are known by their models.
- Both write through ``mlflow_run`` (``run_name``, ``model_file``, ``flavors``) into the ``store`` (``liveness``,
  ``relocate``, ``damaged``, ``one_line``).
- The champion: ``registry`` promotes a model, ``restored`` registers it again, ``served`` answers requests, ``server``
  starts the servers, ``scoring`` its server.
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
