"""Long trainings, of which the rule of convergence sees beginnings: they are the trainings with fewer epochs.

Reads:  data/normalized/ of a workspace with Fashion-MNIST and the default parameters
Writes: benchmarks/stopped_trainings.npz, by name the validation losses, float32 (seeds, epochs)
Run:    python -m benchmarks.stopped_trainings
"""

from functools import cache
from pathlib import Path
from typing import NamedTuple

from hemline.target import fix_target

fix_target()

import numpy as np  # noqa: E402 - after the target is fixed
from numpy.typing import NDArray  # noqa: E402

from hemline.errors import one_line_errors  # noqa: E402

FILE = Path(__file__).with_suffix(".npz")
# A training has what it needs once the mean validation loss is within this share of its lowest.
ENOUGH = 0.01


class Training(NamedTuple):
    """A network, and how often and how long it is trained."""

    hidden: list[int]
    epochs: int
    learning_rate: float
    seeds: int
    steps: int  # of an epoch


TRAININGS = {
    "digits, linear": Training([], 1200, 0.003, 8, 38),
    "digits, 32 units": Training([32], 300, 0.001, 8, 38),
    "Fashion-MNIST, linear": Training([], 40, 0.001, 6, 1688),
    "Fashion-MNIST, 128 units": Training([128], 20, 0.001, 6, 1688),
}


@cache
def losses(name: str) -> NDArray[np.float32]:
    """Return the validation loss after each epoch, float32 (seeds, epochs)."""
    with np.load(FILE) as stored:
        found: NDArray[np.float32] = stored[name]
        return found


def needed_epochs(name: str) -> int:
    """Return how many epochs a training needs."""
    mean = losses(name).mean(axis=0)
    return int(np.argmax(mean <= (1 + ENOUGH) * mean.min())) + 1


def _train(name: str) -> NDArray[np.float32]:
    from sklearn.datasets import load_digits  # noqa: PLC0415 - for whoever trains, not for those who read

    from benchmarks.side_by_side import fit_side_by_side  # noqa: PLC0415
    from hemline.data.normalized import Labelled, Normalized  # noqa: PLC0415
    from hemline.families.dense import DenseSettings  # noqa: PLC0415
    from hemline.training.trainer import Trainer  # noqa: PLC0415

    own = TRAININGS[name]
    train, validation = Normalized().read("train"), Normalized().read("validation")
    if name.startswith("digits"):
        digits = load_digits()
        images, labels = digits.images.astype(np.uint8), digits.target.astype(np.uint8)
        train, validation = (Labelled(images[part], labels[part], 16) for part in (slice(1200), slice(1200, None)))
    training = DenseSettings(hidden=own.hidden, epochs=own.epochs, learning_rate=own.learning_rate)
    found = np.zeros((own.seeds, own.epochs), np.float32)

    def on_epoch(seed: int, figures: dict[str, float]) -> None:
        found[seed, int(figures["epoch"]) - 1] = figures["val_loss"]

    fit_side_by_side(Trainer(name[-5:], training, 10, train, {"val": validation}), range(own.seeds), on_epoch)
    print(f"{name}: {found.mean(axis=0)[:: max(1, own.epochs // 10)]}", flush=True)
    return found


if __name__ == "__main__":
    with one_line_errors():
        stored = {name: _train(name) for name in TRAININGS}
    np.savez_compressed(FILE, allow_pickle=False, **stored)
