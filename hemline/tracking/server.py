"""MLflow's servers: the commands for the UI and for the champion, and the link that shows the runs.

The link shows curves, and its table the columns that people compare; the UI by itself shows neither.
"""

import json
import os
import sys

from hemline.processes.ports import HOST
from hemline.tracking import registry
from hemline.tracking.address import artifacts, local_database, tracking_uri
from hemline.tracking.mlflow_run import TEST_FIGURES
from hemline.tracking.store import Store, open_store

SERVER_SETTINGS = {
    # The job runner starts a dozen processes of gigabytes together, for features that nothing here uses.
    "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",
    # What libraries say to those who develop with them, and TensorFlow of processors that are not used.
    "PYTHONWARNINGS": "ignore",
    "TF_CPP_MIN_LOG_LEVEL": "3",
}

# The name of the view, and what the UI keeps of one that somebody shares (its "Share" button makes such tags as well).
_VIEW = "hemline"
_VIEW_STATE = {
    "orderByKey": "metrics.`val_accuracy`",  # by which models are to be chosen
    "orderByAsc": False,
    # Charts then show the mean of a model's seeds, and their range.
    "groupBy": {"aggregateFunction": "average", "groupByKeys": [{"mode": "param", "groupByData": "model"}]},
    "useGroupedValuesInCharts": True,
    "selectedColumns": [
        *(f"params.`{name}`" for name in ("variant", "hidden", "epochs", "seed")),
        *(f"metrics.`{name}`" for name in (*TEST_FIGURES, "val_accuracy")),
        "tags.`gain`",
        "tags.`gain_metric`",
    ],
    "runsHiddenMode": "SHOW_ALL",
}


def ui_command(port: int) -> list[str] | None:
    """Return the command that serves the UI on loopback, or None where a remote server already does."""
    uri = tracking_uri()
    database = local_database(uri)
    if database is None:
        return None
    return [
        *(sys.executable, "-m", "mlflow", "ui", "--backend-store-uri", uri),
        *("--default-artifact-root", artifacts(database).as_uri()),
        *("--host", HOST, "--port", str(port), "--workers", "1"),
    ]


def serving_command(dataset: str, port: int) -> list[str]:
    """Return the command that serves the champion of a data set on loopback."""
    # Not `mlflow models serve`, which answers whatever Host a request names.
    return [sys.executable, "-m", "hemline.tracking.scoring", registry.uri(dataset), str(port)]


def server_environment() -> dict[str, str]:
    """Return the environment to serve in: this process's own, less what `mlflow` would do unasked."""
    return dict(os.environ) | SERVER_SETTINGS | {"MLFLOW_TRACKING_URI": tracking_uri()}


def link(base: str, experiment: str) -> str:
    """Return the address of an experiment's runs: the model-training view, curves, and a table with chosen columns.

    Without the options the UI opens in its GenAI mode, and its table shows all parameters or none.
    """
    store = open_store(experiment)
    _share_view(store)
    experiment_id = store.experiment_id
    options = f"workflowType=machine_learning&compareRunsMode=CHART&viewStateShareKey={_VIEW}"
    return f"{base.rstrip('/')}/#/experiments/{experiment_id}/runs?{options}"


def _share_view(store: Store) -> None:
    """Leave the view in the experiment, where the link's option looks for it."""
    key, value = f"mlflow.sharedViewState.{_VIEW}", json.dumps(_VIEW_STATE)
    if store.client.get_experiment(store.experiment_id).tags.get(key) != value:
        store.client.set_experiment_tag(store.experiment_id, key, value)
