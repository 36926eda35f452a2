"""MLflow runs of the claims' trainings: complete, tagged with their claims, with epoch times."""

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

    Tags are set here and not while training, because cached trainings do not run again. A failure costs a warning and
    the times: other verdicts do not need the store.
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
                # Runs made from results do not know their experiment.
                tag_models(experiment.dataset.name, {sha256: {EXPERIMENT_TAG: experiment.name} for sha256 in unknown})
            tag_models(experiment.dataset.name, tags)
            seconds |= epoch_seconds(experiment.dataset.name, list(tags))
    except Exception as error:  # noqa: BLE001 - whatever MLflow raises
        warn(error)
    return seconds


def _back_fill(experiment: Experiment) -> None:
    """Make missing runs from the outputs, as `make sync` does for the workspace."""
    root = Path.cwd()
    Path(".hemline").mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="claims-", dir=".hemline") as folder:
        experiment.materialise(Path(folder))
        # As in a stage of the experiment, with this repository's packages.
        environment = {"DVC_ROOT": str(root), "PYTHONPATH": str(root)}
        command = [sys.executable, "-m", "hemline", "sync"]
        subprocess.run(command, cwd=folder, env=os.environ | environment, check=True)
