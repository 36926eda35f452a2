"""Real trainings on which the statistics and the rule of convergence are tried.

Reads:  data/normalized/ of a workspace with Fashion-MNIST and the default parameters
Writes: benchmarks/forty_trainings.npz, benchmarks/stopped_trainings.npz
Run:    python -m benchmarks.recorded_trainings

Forty trainings each of the linear baseline and of one hidden layer of 128, seeds 0 to 39: ``<variant>_correct``, bool
(seeds, test images) packed by ``np.packbits`` along the images, and ``<variant>_val_loss``, float32 (seeds, epochs).

Long trainings, of which the rule of convergence sees beginnings, which are the trainings with fewer epochs: by name the
validation losses, float32 (seeds, epochs).
"""

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from hemline.target import fix_target

fix_target()

import numpy as np  # noqa: E402 - after the target is fixed
from numpy.typing import NDArray  # noqa: E402

from hemline.errors import InputError, one_line_errors  # noqa: E402

if TYPE_CHECKING:
    from hemline.training.tensorflow import keras
    from hemline.training.trainer import Trainer

FORTY, STOPPED_FILE = (Path(__file__).with_name(f"{name}_trainings.npz") for name in ("forty", "stopped"))
SEEDS, IMAGES = 40, 10_000
HIDDEN: dict[str, list[int]] = {"linear": [], "dense-128": [128]}
# A training has what it needs once the mean validation loss is within this share of its lowest.
ENOUGH = 0.01


class Training(NamedTuple):
    """A network, and how often and how long it is trained."""

    hidden: list[int]
    epochs: int
    learning_rate: float
    seeds: int
    steps: int  # of an epoch


STOPPED = {
    "digits, linear": Training([], 1200, 0.003, 8, 38),
    "digits, 32 units": Training([32], 300, 0.001, 8, 38),
    "Fashion-MNIST, linear": Training([], 40, 0.001, 6, 1688),
    "Fashion-MNIST, 128 units": Training([128], 20, 0.001, 6, 1688),
}


@cache
def correct(variant: str) -> NDArray[np.bool_]:
    """Return whether each of forty trainings is right about each test image, bool (seeds, images)."""
    return np.unpackbits(_stored(FORTY, f"{variant}_correct"), axis=1, count=IMAGES).astype(bool)


@cache
def losses(name: str) -> NDArray[np.float32]:
    """Return the validation loss of long trainings after each epoch, float32 (seeds, epochs)."""
    return _stored(STOPPED_FILE, name)


def needed_epochs(name: str) -> int:
    """Return how many epochs a training needs."""
    mean = losses(name).mean(axis=0)
    return int(np.argmax(mean <= (1 + ENOUGH) * mean.min())) + 1


def _stored(path: Path, key: str) -> NDArray[Any]:
    if not path.is_file():
        raise InputError(
            f"{path.name}: no such file; run `git checkout benchmarks`, or this module on the default data"
        )
    with np.load(path) as stored:
        found: NDArray[Any] = stored[key]
    return found


def _train_forty(variant: str) -> dict[str, NDArray[np.generic]]:
    data = Normalized()
    test, settings = data.read("test"), DenseSettings(hidden=HIDDEN[variant])
    trainer = Trainer(variant, settings, 10, data.read("train"), {"val": data.read("validation")})
    models, losses = _fit(trainer, SEEDS, settings.epochs)
    answers = np.zeros((SEEDS, IMAGES), bool)
    for seed, model in models.items():
        answers[seed] = trainer.predict(model, test.images).argmax(axis=-1) == test.labels
        print(f"{variant}  seed {seed}  {answers[seed].mean():.4f}", flush=True)
    return {f"{variant}_correct": np.packbits(answers, axis=1), f"{variant}_val_loss": losses}


def _train_long(name: str) -> NDArray[np.float32]:
    own = STOPPED[name]
    train, validation = Normalized().read("train"), Normalized().read("validation")
    if name.startswith("digits"):
        digits = load_digits()
        images, labels = digits.images.astype(np.uint8), digits.target.astype(np.uint8)
        train, validation = (Labelled(images[part], labels[part], 16) for part in (slice(1200), slice(1200, None)))
    settings = DenseSettings(hidden=own.hidden, epochs=own.epochs, learning_rate=own.learning_rate)
    _, losses = _fit(Trainer(name[-5:], settings, 10, train, {"val": validation}), own.seeds, own.epochs)
    print(f"{name}: {losses.mean(axis=0)[:: max(1, own.epochs // 10)]}", flush=True)
    return losses


def _fit(trainer: "Trainer", seeds: int, epochs: int) -> "tuple[dict[int, keras.Sequential], NDArray[np.float32]]":
    """Return the models of seeds from 0 on, and their validation losses, (seeds, epochs)."""
    losses = np.zeros((seeds, epochs), np.float32)

    def on_epoch(seed: int, figures: dict[str, float]) -> None:
        losses[seed, int(figures["epoch"]) - 1] = figures["val_loss"]

    return fit_side_by_side(trainer, range(seeds), on_epoch), losses


if __name__ == "__main__":
    # For whoever trains, not for those who read.
    from sklearn.datasets import load_digits

    from benchmarks.side_by_side import fit_side_by_side
    from hemline.data.normalized import Labelled, Normalized
    from hemline.families.dense import DenseSettings
    from hemline.training.trainer import Trainer

    with one_line_errors():
        forty = {key: array for variant in HIDDEN for key, array in _train_forty(variant).items()}
        long = {name: _train_long(name) for name in STOPPED}
    np.savez_compressed(FORTY, allow_pickle=False, **forty)
    np.savez_compressed(STOPPED_FILE, allow_pickle=False, **long)
