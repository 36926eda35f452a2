"""The MLflow UI: the command that serves the repository's store, and the link that shows its runs with their curves."""

import os
import sys

from hemline.tracking.store import local_database, open_store, tracking_uri

# The job runner starts a dozen processes of gigabytes together, for features that nothing here uses.
SERVER_SETTINGS = {"MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false"}


def ui_command(port: int) -> list[str] | None:
    """Return the command that serves the UI on loopback, or None where a remote server already does."""
    uri = tracking_uri()
    database = local_database(uri)
    if database is None:
        return None
    return [
        *(sys.executable, "-m", "mlflow", "ui", "--backend-store-uri", uri),
        *("--default-artifact-root", (database.parent / "mlartifacts").as_uri()),
        *("--host", "127.0.0.1", "--port", str(port), "--workers", "1"),
    ]


def server_environment() -> dict[str, str]:
    """Return the environment to serve the UI in: this process's own, less what `mlflow` would do unasked."""
    return dict(os.environ) | SERVER_SETTINGS


def link(base: str, experiment: str) -> str:
    """Return the address of an experiment's runs, in the model-training view, with their curves.

    Without the two options the UI opens in its GenAI mode, which has no metric columns.
    """
    experiment_id = open_store(experiment).experiment_id
    options = "workflowType=machine_learning&compareRunsMode=CHART"
    return f"{base.rstrip('/')}/#/experiments/{experiment_id}/runs?{options}"
