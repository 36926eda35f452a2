"""A plain Keras script for the same question: every training by ``fit`` on its defaults, one after the other.

Reads:  params.yaml, data/normalized/ (train, validation)
Run:    python -m benchmarks.plain_keras [--variant NAME], in the workspace
"""

import argparse
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, cast

import keras

from benchmarks.networks import dense_network
from hemline.data.normalized import Normalized
from hemline.data.scaling import scale
from hemline.params import load_params

if TYPE_CHECKING:
    from hemline.families.dense import DenseSettings

_OPTIMIZERS = {"adam": keras.optimizers.Adam, "rmsprop": keras.optimizers.RMSprop, "sgd": keras.optimizers.SGD}


def main() -> None:
    """Train every variant, or one, once per seed, and save the models."""
    parser = argparse.ArgumentParser(description="Train by Keras's fit, as a plain script would.")
    parser.add_argument("--variant", help="only this one")
    only = parser.parse_args().variant
    params = load_params()
    train, validation = (Normalized().read(name) for name in ("train", "validation"))
    pixels, watched_pixels = (scale(each.images, each.scale) for each in (train, validation))
    n_classes = int(train.labels.max()) + 1
    for variant in [only] if only else params.variants:
        training = cast("DenseSettings", params.training(variant))
        for seed in params.seeds:
            model = dense_network(training.hidden, train.images.shape[1:], n_classes, seed, training.activation)
            optimizer = _OPTIMIZERS[training.optimizer](training.learning_rate)
            model.compile(optimizer, "sparse_categorical_crossentropy", metrics=["accuracy"])
            watched = (watched_pixels, validation.labels) if len(validation.labels) else None
            model.fit(pixels, train.labels, training.batch_size, training.epochs, verbose=0, validation_data=watched)
            with tempfile.TemporaryDirectory() as folder:
                model.save(Path(folder) / "model.keras")
            print(f"{variant}, seed {seed}", flush=True)


if __name__ == "__main__":
    main()
