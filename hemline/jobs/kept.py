"""Trainings in the stage's output, kept as finished ones: the next run with more seeds trains only the new ones."""

from typing import Any

import numpy as np

from hemline.data.normalized import Normalized
from hemline.jobs.checkpoint import StageCheckpoints
from hemline.jobs.job import TrainingSpec
from hemline.jobs.result import PREDICTED, TrainingResult
from hemline.jobs.settings import Settings
from hemline.jobs.trained import Trained
from hemline.params import Params
from hemline.training.resume import Row
from hemline.training.served import Interface, ServedModel


def keep_trainings(params: Params, variant: str) -> None:
    """Keep a variant's models as checkpoints of finished trainings, as an interrupted run would have left them.

    Args:
        params: with which they were trained; DVC must know that they are up to date.
        variant: the name of the variant.

    Raises:
        InputError: the output of the stage is missing, or damaged.
    """
    digests = Normalized().digests(test_labels=params.record_test)
    validation = {seed: len(Normalized().of_seed(seed).labels("validation")) for seed in params.seeds_of(variant)}
    for seed, result in _results(Trained(variant), validation).items():
        spec = TrainingSpec.of(Settings.of(params, variant, seed), digests, record_test=params.record_test)
        checkpoints = StageCheckpoints(variant, spec.key, key_of=spec.key_of)
        checkpoints.finish(seed, result)
        checkpoints.close(remove=False)


def _results(trained: Trained, validation: dict[int, int]) -> dict[int, TrainingResult]:
    """Return the results of all seeds, by the numbers of their validation images."""
    history, layers, notes = trained.history_rows(), trained.layer_rows(), trained.notes()
    predicted = {name: trained.probabilities(name) for name in PREDICTED}
    # Its run in MLflow exists, or will be made from the output, so the model for raw pixels is not needed.
    served = ServedModel(b"", Interface("", (), 0))
    return {
        seed: TrainingResult(
            [_numbers(row) for row in history if int(row["seed"]) == seed],
            trained.model_path(seed).read_bytes(),
            served,
            layers,
            notes,
            {
                "validation": np.asarray(predicted["validation"][place, :images]),
                "test": np.asarray(predicted["test"][place]),
            },
        )
        for place, (seed, images) in enumerate(validation.items())
    }


def _numbers(row: dict[str, Any]) -> Row:
    figures = {key: float(value) for key, value in row.items() if value and key not in {"seed", "epoch"}}
    return {"epoch": int(row["epoch"])} | figures
