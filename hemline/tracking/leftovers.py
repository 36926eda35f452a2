"""Leftovers in MLflow: runs deleted in its UI, and Hemline's models without a run.

``mlflow gc`` removes deleted runs, and leaves their models, which are marked here before it is run: here for a store
that is a file, by the administrator for a server.
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
from hemline.tracking.address import tracking_uri


class Leftovers(NamedTuple):
    """The files and runs that can be deleted."""

    runs: list[Any]  # that are marked as deleted
    models: list[Any]  # of Hemline's, that neither a run nor a version of a registered model has

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
            if store.SHA_TAG in each.tags  # a store is also used by others, who may keep models without a run
            and not (each.model_id in kept or each.model_id in registered or each.source_run_id in running)
        ]
        return cls(runs, models)

    def size(self) -> int:
        """Return how many bytes their files have."""
        files = (path for folder in self._folders() for path in folder.rglob("*") if path.is_file())
        return sum(path.stat().st_size for path in files)

    def mark(self, opened: store.Store) -> None:
        """Mark the models as deleted, as the UI does with runs; the next `mlflow gc` deletes what is marked."""
        for each in self.models:
            opened.client.delete_logged_model(each.model_id)

    def remove(self, opened: store.Store) -> None:
        """Delete them for good; an ``InputError`` if `mlflow gc` failed."""
        for folder in self._folders():
            folder.mkdir(parents=True, exist_ok=True)  # one that is missing would end `mlflow gc`
        self.mark(opened)
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
