"""Trainings of one trainer side by side, a thread for each core, without a stage around them."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TYPE_CHECKING

from hemline.training.tensorflow import devices, own_device
from hemline.training.trainer import History, Trainer

if TYPE_CHECKING:
    from hemline.training.tensorflow import keras


def fit_side_by_side(
    trainer: Trainer, seeds: Sequence[int], on_epoch: Callable[[int, History], None] = lambda *_: None
) -> "dict[int, keras.Sequential]":
    """Train once per seed; return the trained models by seed. ``on_epoch`` is called from the training's thread."""

    def fit(seed: int) -> "keras.Sequential":
        with own_device():
            return trainer.fit(seed, partial(on_epoch, seed))

    with ThreadPoolExecutor(len(devices())) as threads:
        return dict(zip(seeds, threads.map(fit, seeds), strict=True))
