"""Leftovers in MLflow: runs deleted in its UI, and models without a run.

``mlflow gc`` removes deleted runs, and leaves their models, which are marked here before it is run.
"""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import unquote, urlparse

from mlflow.entities import ViewType

from hemline.errors import InputError
from hemline.tracking import store
from hemline.tracking.address import local_database, tracking_uri


class Leftovers(NamedTuple):
    """The files and runs that can be deleted."""

    runs: list[Any]  # that are marked as deleted
    models: list[Any]  # that neither a run nor a version of a registered model has

    @classmethod
    def find(cls, opened: store.Store) -> "Leftovers":
        """Return those of the whole store."""
        client = opened.client
        everywhere = [each.experiment_id for each in client.search_experiments(ViewType.ALL)]
        runs = store.search(opened, "", everywhere, ViewType.DELETED_ONLY)
        registered = " ".join(str(each.source) for each in client.search_model_versions())
        alive = store.search(opened, "", everywhere)
        kept = {output.model_id for run in alive if run.outputs for output in run.outputs.model_outputs}
        running = {run.info.run_id for run in alive if run.info.status == "RUNNING"}
        models = [
            each
            for each in store.pages(lambda token: client.search_logged_models(everywhere, page_token=token))
            if each.model_id not in kept and each.model_id not in registered and each.source_run_id not in running
        ]
        return cls(runs, models)

    def size(self) -> int:
        """Return how many bytes their files have."""
        files = (path for folder in self._folders() for path in folder.rglob("*") if path.is_file())
        return sum(path.stat().st_size for path in files)

    def remove(self, opened: store.Store) -> None:
        """Delete them for good; an ``InputError`` if `mlflow gc` failed."""
        for folder in self._folders():
            folder.mkdir(parents=True, exist_ok=True)  # one that is missing would end `mlflow gc`
        for each in self.models:
            opened.client.delete_logged_model(each.model_id)
        uri = tracking_uri()
        done = subprocess.run(
            [sys.executable, "-m", "mlflow", "gc", "--backend-store-uri", uri],
            env=os.environ | {"MLFLOW_TRACKING_URI": uri},
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise InputError(f"mlflow gc: failed, and said last: {(done.stderr.strip() or 'nothing').splitlines()[-1]}")

    def _folders(self) -> list[Path]:
        locations = [run.info.artifact_uri for run in self.runs] + [each.artifact_location for each in self.models]
        return [Path(unquote(urlparse(location).path)) for location in locations]


def open_local_store(dataset: str) -> store.Store:
    """Return the store, if it is a file; an ``InputError`` if it is a server's, or cannot be opened."""
    with store.reached():
        if local_database(tracking_uri()) is None:
            raise InputError(
                "MLFLOW_TRACKING_URI: must be an SQLite file where runs are to be deleted for good; on a server, its "
                "administrator does that by `mlflow gc`"
            )
        return store.open_store(dataset)
