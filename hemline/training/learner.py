"""Networks as a family's learner: the compiled trainer, its data, and the models that it gives."""

import json
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from hemline.training.held import TrainingData, open_data
from hemline.training.model import Network, content_of, describe_layers, served_network
from hemline.training.resume import Arrays, Row, TrainingState
from hemline.training.served import ServedModel
from hemline.training.settings import FitSettings
from hemline.training.tensorflow import keras
from hemline.training.trainer import ARGUMENTS, Trainer, arrays_of, l2_of

__all__ = ["NetworkLearner", "NetworkModel", "open_data"]

# Trainers that are kept for settings that need no other programs. TensorFlow frees no compiled program, some 24 MB, so
# that one that is compiled again, as for each rung of a search, would only add to the memory.
_KEPT = 16
_kept: dict[str, Trainer] = {}


class _Callbacks(Protocol):
    @property
    def epoch(self) -> Callable[[Row], None]: ...

    @property
    def checkpoint(self) -> Callable[[Callable[[], Arrays]], None]: ...


class NetworkModel:
    """A trained network."""

    def __init__(self, model: keras.Model, trainer: Trainer, scale: float, notes: Sequence[str] = ()) -> None:
        self._model, self._trainer, self._scale, self._notes = model, trainer, scale, list(notes)

    def predict(self, images: NDArray[Any]) -> NDArray[np.float32]:
        """Return the probabilities (n, classes) by the compiled program, on the current device."""
        return self._trainer.predict(self._model, images)

    def content(self) -> bytes:
        """Return its ``.keras`` file."""
        return content_of(self._model)

    def served(self) -> ServedModel:
        """Return it behind a layer that scales raw pixels."""
        return served_network(self._model, self._scale)

    def describe(self) -> list[dict[str, Any]]:
        """Return a row per layer."""
        return describe_layers(self._model)

    def notes(self) -> list[str]:
        """Return sentences about its training."""
        return self._notes


class NetworkLearner:
    """Trains networks of one architecture; its seeds share the compiled programs and the data."""

    def __init__(
        self,
        variant: str,
        settings: FitSettings,
        data: TrainingData,
        network: Network | None = None,
        *,
        compiled: bool = True,
    ) -> None:
        self._data, self._settings = data, settings
        if network is None and not data.data.per_seed:  # otherwise, no other training has the same data
            self._trainer = _dense_trainer(variant, settings, data)
            return
        self._trainer = Trainer(
            variant,
            settings,
            data.n_classes,
            data.train,
            data.watched,
            hold=data.hold,
            network=network,
            compiled=compiled,
        )

    def check_compiles(self) -> None:
        """Compile the programs on the current device.

        Raises:
            tf.errors.OpError: XLA lacks an operation of a layer.
        """
        self._trainer.prepare()

    def fit(self, seed: int, callbacks: _Callbacks, after: TrainingState | None = None) -> NetworkModel:
        """Train with ``seed`` on the current device."""
        model = self._trainer.fit(
            seed,
            callbacks.epoch,
            self._settings,
            after=after,
            on_state=lambda state: callbacks.checkpoint(partial(arrays_of, state)),
        )
        return NetworkModel(model, self._trainer, self._data.scale)


def _dense_trainer(variant: str, settings: FitSettings, data: TrainingData) -> Trainer:
    """Return a trainer of dense networks, of those kept if one has the programs and the data for these settings."""
    program = {key: value for key, value in vars(settings).items() if key not in ARGUMENTS}
    of_data = [str(data.data.path), dict(data.digests), list(data.watched)]
    key = json.dumps([variant, program | {"l2": l2_of(settings) > 0}, of_data], sort_keys=True)
    if key not in _kept:
        while len(_kept) >= _KEPT:
            del _kept[next(iter(_kept))]
        _kept[key] = Trainer(variant, settings, data.n_classes, data.train, data.watched, hold=data.hold)
    return _kept[key]
