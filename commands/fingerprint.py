"""Check whether this machine computes the expected bits: small trainings, predictions, a comparison, figures.

Reads:  commands/fingerprint.yaml, the expected digests
Writes: nothing; with --write, that file
Run:    hemline fingerprint
"""

import hashlib
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from hemline.target import NOT_THE_TARGET, fix_target, is_target

fix_target()

import numpy as np  # noqa: E402 - after the target is fixed
import pandas as pd  # noqa: E402
from numpy.typing import NDArray  # noqa: E402
from ruamel.yaml import YAML  # noqa: E402

from hemline.data.normalized import Labelled  # noqa: E402
from hemline.families.dense import DenseSettings  # noqa: E402
from hemline.schema import read_yaml  # noqa: E402
from hemline.terminal.arguments import option  # noqa: E402

EXPECTED = Path(__file__).with_name("fingerprint.yaml")
N_CLASSES = 10
# Trainings that differ in one aspect each. Layers of 512 and 400 make sums of several blocks, forwards and backwards.
TRAININGS = {
    "linear, adam": DenseSettings(hidden=[], epochs=2),
    "dense 128, adam": DenseSettings(hidden=[128], epochs=2),
    "dense 512-400, rmsprop, gelu": DenseSettings(
        hidden=[512, 400], epochs=1, optimizer="rmsprop", activation="gelu", batch_size=64
    ),
    "dense 64, rmsprop, elu": DenseSettings(hidden=[64], epochs=2, optimizer="rmsprop", activation="elu"),
    "dense 64-64, sgd, tanh": DenseSettings(hidden=[64, 64], epochs=1, optimizer="sgd", activation="tanh"),
    "dense 64, sgd, sigmoid": DenseSettings(hidden=[64], epochs=1, optimizer="sgd", activation="sigmoid"),
    "dense 64, silu": DenseSettings(hidden=[64], epochs=1, activation="silu"),
    "dense 64, selu, batches of 600": DenseSettings(hidden=[64], epochs=1, activation="selu", batch_size=600),
    "dense 128, dropout": DenseSettings(hidden=[128], epochs=2, dropout=0.3),
}
STREAMED = "dense 128, adam"  # repeated with streaming: the digest is the same


@option("--write", action="store_true", help="make this machine's digests the expected ones")
def main(write: bool) -> None:
    """Compute the digests, print them beside the expected ones, and fail where they differ."""
    expected = {} if write else read_yaml(EXPECTED)
    found = {}
    for name, digest in digests():
        found[name] = digest
        print(f"{name:32}{digest}  {'' if write else 'as expected' if expected.get(name) == digest else 'OTHER'}")
    if write:
        YAML().dump(found, EXPECTED)
    elif found != expected:
        sys.exit("error: these are not the expected bits" if is_target() else NOT_THE_TARGET)


def digests() -> Iterator[tuple[str, str]]:
    """Yield the name and the digest of each computation."""
    probabilities = []
    for name, training in TRAININGS.items():
        digest, predicted = _train(training)
        probabilities.append(predicted)
        yield name, digest
    yield f"{STREAMED}, streamed", _train(TRAININGS[STREAMED], streamed=True)[0]
    yield from _compared(np.stack(probabilities))


def images(count: int, seed: int) -> Labelled:
    """Return made-up images (count, 28, 28), brighter by class in one part, and their labels."""
    generator = np.random.default_rng(seed)
    labels = generator.integers(0, N_CLASSES, count)
    raw = generator.integers(0, 200, (count, 28, 28)).astype(np.float32)
    for label in range(N_CLASSES):
        raw[labels == label, 2 * label : 2 * label + 8] += 55
    return Labelled(raw / np.float32(255), labels)


def _train(training: DenseSettings, *, streamed: bool = False) -> tuple[str, NDArray[np.float32]]:
    """Return the digest of a training's weights, figures and predictions, and the predictions."""
    from hemline.training.streaming import Streamed, resident_or_streamed  # noqa: PLC0415 - imports TensorFlow: seconds
    from hemline.training.tensorflow import tf  # noqa: PLC0415
    from hemline.training.trainer import Trainer  # noqa: PLC0415

    train, test = images(700, 0), images(400, 1)
    source = Streamed if streamed else resident_or_streamed
    trainer = Trainer("fingerprint", training, N_CLASSES, train, {"val": test}, source=source)
    history: list[dict[str, float]] = []
    with tf.device("CPU:0"):
        model = trainer.fit(0, history.append)
        predicted = trainer.predict(model, test.images)
    figures = np.array([list(figures.values()) for figures in history])
    return _digest(*model.get_weights(), figures, predicted), predicted


def _compared(probabilities: NDArray[np.float32]) -> Iterator[tuple[str, str]]:
    """Compare the trainings as if they were two variants of some seeds, and draw the result."""
    from hemline.comparison.evaluation import Evaluation  # noqa: PLC0415
    from hemline.report import plots  # noqa: PLC0415

    seeds = len(probabilities) // 2
    classes = [f"class {label}" for label in range(N_CLASSES)]
    evaluation = Evaluation("one", classes, images(400, 1).labels, images(700, 0).labels)
    history = pd.DataFrame({"seed": range(seeds), "epoch": 1, "loss": 1.0, "accuracy": 0.5, "val_loss": 1.0})
    for name, own in (("one", probabilities[:seeds]), ("two", probabilities[seeds : 2 * seeds])):
        evaluation.add(name, history.assign(val_accuracy=0.5), own, dict.fromkeys(range(seeds), ""), parameters=1)
    tables = [evaluation.comparison(), evaluation.runs(), evaluation.per_class("two")]
    yield "comparison", _digest(*(np.frombuffer(table.to_csv().encode(), np.uint8) for table in tables))
    figures = [
        plots.gain_figure(tables[0], "one"),
        plots.confusion_figure(evaluation.confusion("two"), list("abcdefghij")),
    ]
    yield "figures", _digest(*(np.frombuffer(plots.png(figure), np.uint8) for figure in figures))


def _digest(*arrays: NDArray[Any]) -> str:
    content = b"".join(np.ascontiguousarray(array).tobytes() for array in arrays)
    return hashlib.sha256(content).hexdigest()[:16]
