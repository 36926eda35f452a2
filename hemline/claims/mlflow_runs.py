"""The claims' trainings as MLflow runs: every one in the store, tagged with its claims, and its times read back."""

import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from hemline.claims.file import Claims
from hemline.claims.outcome import Experiment
from hemline.tracking.one_line import warn

CLAIMS_TAG = "claims"
EXPERIMENT_TAG = "dvc_experiment"


def complete_runs(claims: Claims, experiments: Sequence[Experiment]) -> dict[str, list[float]]:
    """Give every training its run and its claims' tag, and return the seconds of its epochs by the model's SHA-256.

    Tags are set here and not while training, because trainings that DVC has in its cache do not happen again. What
    fails costs a warning and the times: no verdict on anything else needs the store.
    """
    from hemline.tracking.label import epoch_seconds, tag_models, unknown_models  # noqa: PLC0415 - imports MLflow

    seconds: dict[str, list[float]] = {}
    try:
        for experiment in experiments:
            tags = {
                sha256: {CLAIMS_TAG: ", ".join(claims.claims_of(f"{experiment.name}/{variant}"))}
                for variant in experiment.params.variants
                for sha256 in experiment.models(variant)
            }
            if unknown := unknown_models(experiment.dataset.name, list(tags)):
                _back_fill(experiment)
                # A run that is made of results knows no experiment; of these, it is known here.
                tag_models(experiment.dataset.name, {sha256: {EXPERIMENT_TAG: experiment.name} for sha256 in unknown})
            tag_models(experiment.dataset.name, tags)
            seconds |= epoch_seconds(experiment.dataset.name, list(tags))
    except Exception as error:  # noqa: BLE001 - whatever MLflow raises
        warn(error)
    return seconds


def _back_fill(experiment: Experiment) -> None:
    """Make the runs that the store lacks from the outputs, as `make sync` does for those of the workspace."""
    root = Path.cwd()
    Path(".hemline").mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="claims-", dir=".hemline") as folder:
        experiment.materialise(Path(folder))
        # As a stage of the experiment would be run; the packages are those of this repository.
        environment = {"DVC_ROOT": str(root), "PYTHONPATH": str(root)}
        command = [sys.executable, "-m", "hemline", "sync"]
        subprocess.run(command, cwd=folder, env=os.environ | environment, check=True)
