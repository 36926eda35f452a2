"""Forty trainings each of the linear baseline and of one hidden layer of 128: what the statistics are tried on.

Reads:  data/normalized/ of a workspace with Fashion-MNIST and the default parameters
Writes: benchmarks/forty_trainings.npz
Run:    python -m benchmarks.forty_trainings

By variant: ``<variant>_correct``, bool (seeds, test images) packed by ``np.packbits`` along the images, and
``<variant>_val_loss``, float32 (seeds, epochs). Seeds are 0 to 39.
"""

from functools import cache
from pathlib import Path
from typing import Any

from hemline.target import fix_target

fix_target()

import numpy as np  # noqa: E402 - after the target is fixed
from numpy.typing import NDArray  # noqa: E402

from hemline.errors import InputError, one_line_errors  # noqa: E402

FILE = Path(__file__).with_suffix(".npz")
SEEDS, IMAGES = 40, 10_000
HIDDEN: dict[str, list[int]] = {"linear": [], "dense-128": [128]}


@cache
def correct(variant: str) -> NDArray[np.bool_]:
    """Return whether each training is right about each test image, bool (seeds, images)."""
    with _stored() as stored:
        return np.unpackbits(stored[f"{variant}_correct"], axis=1, count=IMAGES).astype(bool)


def _stored() -> Any:
    if not FILE.is_file():
        raise InputError(
            f"{FILE.name}: no such file; run `git checkout benchmarks`, or this module on the default data"
        )
    return np.load(FILE)


def _train(variant: str) -> dict[str, NDArray[np.generic]]:
    from benchmarks.side_by_side import fit_side_by_side  # noqa: PLC0415
    from hemline.data.normalized import Normalized  # noqa: PLC0415 - for whoever trains, not for those who read
    from hemline.families.dense import DenseSettings  # noqa: PLC0415
    from hemline.training.trainer import Trainer  # noqa: PLC0415

    data = Normalized()
    test, training = data.read("test"), DenseSettings(hidden=HIDDEN[variant])
    trainer = Trainer(variant, training, 10, data.read("train"), {"val": data.read("validation")})
    answers = np.zeros((SEEDS, IMAGES), bool)
    losses = np.zeros((SEEDS, training.epochs), np.float32)

    def on_epoch(seed: int, figures: dict[str, float]) -> None:
        losses[seed, int(figures["epoch"]) - 1] = figures["val_loss"]

    for seed, model in fit_side_by_side(trainer, range(SEEDS), on_epoch).items():
        answers[seed] = trainer.predict(model, test.images).argmax(axis=-1) == test.labels
        print(f"{variant}  seed {seed}  {answers[seed].mean():.4f}", flush=True)
    return {f"{variant}_correct": np.packbits(answers, axis=1), f"{variant}_val_loss": losses}


if __name__ == "__main__":
    with one_line_errors():
        stored = {key: array for variant in HIDDEN for key, array in _train(variant).items()}
    np.savez_compressed(FILE, allow_pickle=False, **stored)
