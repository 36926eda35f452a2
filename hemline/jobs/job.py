"""One training as a piece of work: what it takes, what comes out, and the work itself.

A job can be done by a thread of this process or by a process of another machine, and gives the same bytes.
"""

import time
from collections.abc import Callable
from concurrent.futures import CancelledError, Future
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from hemline.data.normalized import Labelled, Normalized
from hemline.errors import InputError
from hemline.jobs.checkpoint import Checkpoints, Finished, fingerprint
from hemline.jobs.trained import Predicted, Settings
from hemline.training.resume import Row, TrainingState

if TYPE_CHECKING:
    from hemline.training.tensorflow import keras
    from hemline.training.trainer import State, Trainer

_PREDICTED: tuple[Predicted, ...] = ("validation", "test")


@dataclass(frozen=True)
class TrainingSpec:
    """All that determines a variant's trainings but their seeds; equal to another with the same key.

    Attributes:
        key: the fingerprint of settings, data, code, versions and processor.
        settings: of the variant.
        record_test: whether figures of the test set are recorded after each epoch.
        data: the absolute path of the folder that the normalize stage wrote.
        digests: SHA-256 of those of its files that a training reads, by name.
    """

    key: str
    settings: Settings = field(compare=False)
    record_test: bool = field(compare=False)
    data: Path = field(compare=False)
    digests: dict[str, str] = field(compare=False)

    @classmethod
    def of(cls, settings: Settings, digests: dict[str, str], *, record_test: bool) -> "TrainingSpec":
        """Return the spec for the data set of the workspace.

        Args:
            settings: of the variant.
            digests: of its files, from ``Normalized.digests``.
            record_test: as in ``params.yaml``.
        """
        key = fingerprint(settings.model_dump(), digests)
        return cls(key, settings, record_test, Normalized.PATH.resolve(), digests)


@dataclass(frozen=True)
class TrainingJob:
    """One training.

    Attributes:
        spec: of its variant.
        seed: of the training.
        concurrent_trainings: how many trainings share the memory of this machine, itself included.
        checkpoints: the folder of checkpoints, if this training may keep some there.
    """

    spec: TrainingSpec
    seed: int
    concurrent_trainings: int = 1
    checkpoints: Path | None = None

    @property
    def key(self) -> str:
        """What this training is known by: no other with the same one has another result."""
        return f"training-{self.spec.key}-{self.seed}"


class Interface(NamedTuple):
    """What is known of a model without Keras.

    Attributes:
        name: of the model.
        input_shape: of an image.
        n_classes: how many probabilities it returns.
    """

    name: str
    input_shape: tuple[int, ...]
    n_classes: int


class ServedModel(NamedTuple):
    """A trained model as it is served: it takes raw pixels.

    Attributes:
        content: its ``.keras`` file.
        interface: what it takes and returns.
    """

    content: bytes
    interface: Interface


class TrainingResult(NamedTuple):
    """What a training gives.

    Attributes:
        history: a row for each epoch.
        model: its ``.keras`` file, whose bytes depend on nothing but the model.
        served: the same for raw pixels.
        layers: a row for each layer.
        predicted: probabilities by the name of the set, float32 (images, classes).
    """

    history: list[Row]
    model: bytes
    served: ServedModel
    layers: list[dict[str, Any]]
    predicted: dict[Predicted, NDArray[np.float32]]

    @classmethod
    def of(cls, finished: Finished) -> "TrainingResult":
        """Return what ``finished()`` was called on."""
        arrays, further = dict(finished.arrays), finished.further
        model, content = (arrays.pop(name).tobytes() for name in ("model", "served"))
        name, input_shape, n_classes = further["interface"]
        served = ServedModel(content, Interface(name, tuple(input_shape), n_classes))
        predicted = {name: arrays[name] for name in _PREDICTED}
        return cls(finished.history, model, served, further["layers"], predicted)

    def finished(self) -> Finished:
        """Return the same as a checkpoint keeps it."""
        files = {"model": self.model, "served": self.served.content}
        arrays = {name: np.frombuffer(content, np.uint8) for name, content in files.items()}
        further = {"interface": self.served.interface, "layers": self.layers}
        return Finished(self.history, arrays | dict(self.predicted), further)


class LostError(InputError):
    """A training that cannot be done where it was tried; the others go on."""


class TrainingCallbacks(Protocol):
    """Who is told what happens in a training, and may end it; called from the training's thread."""

    def begin(self, seed: int, earlier: list[Row]) -> None:
        """Take notice that the training of ``seed`` begins, after the epochs ``earlier``."""

    def epoch(self, seed: int, row: Row) -> None:
        """Take notice of an epoch: its figures, ``seconds``, and ``at``, when it ended (milliseconds since 1970)."""

    def asked_to_end(self, seed: int) -> bool:
        """Say whether the training is to end after this epoch, half-way."""


class Executor(Protocol):
    """Where trainings are done."""

    def submit(self, job: TrainingJob, callbacks: TrainingCallbacks) -> Future[TrainingResult]:
        """Let ``job`` be done; the future raises what it raised, and ``CancelledError`` if it ended half-way."""

    def prefetch(self, jobs: Callable[[], list[TrainingJob]], needed: Callable[[], set[str]]) -> None:
        """Take notice of what will be wanted next: those of ``jobs()`` whose variants ``needed()`` returns."""

    def check_alive(self) -> None:
        """Say, now and then while somebody waits, whether the trainings can still be done.

        Raises:
            InputError: they can not.
            CancelledError: nobody is to wait for them any longer.
        """

    def stop(self) -> None:
        """Let trainings end half-way, because another has failed, or nobody wants them any more."""

    def acknowledge(self, job: TrainingJob) -> None:
        """Take notice that the result of ``job`` has been kept."""


def train_one(job: TrainingJob, callbacks: TrainingCallbacks) -> TrainingResult:
    """Do a training, on a device that no other thread of this process uses meanwhile.

    Raises:
        InputError: it failed.
        CancelledError: it was asked to end; a checkpoint was kept where that is possible.
    """
    from hemline.jobs.learners import trainer_for  # noqa: PLC0415
    from hemline.training.tensorflow import own_device  # noqa: PLC0415 - imports TensorFlow, for those who train

    with own_device():
        return _Training(job, callbacks).run(trainer_for(job.spec, job.concurrent_trainings))


class _Training:
    def __init__(self, job: TrainingJob, callbacks: TrainingCallbacks) -> None:
        self._job, self._callbacks = job, callbacks
        self._kept = Checkpoints.shared(job.spec.settings.variant, job.spec.key, job.checkpoints)
        self._rows: list[Row] = []
        self._clock = 0.0

    def run(self, trainer: "Trainer") -> TrainingResult:
        seed, snapshot = self._job.seed, self._kept.snapshot(self._job.seed)
        if self._callbacks.asked_to_end(seed):
            raise CancelledError
        self._rows = list(snapshot.history) if snapshot else []
        self._callbacks.begin(seed, list(self._rows))
        self._clock = time.perf_counter()
        self._kept.begin(seed)
        model = trainer.fit(seed, self._epoch, after=snapshot, on_state=self._state)
        return self._result(trainer, model)

    def _epoch(self, figures: dict[str, float]) -> None:
        seconds, self._clock = time.perf_counter() - self._clock, time.perf_counter()
        row = figures | {"seconds": seconds, "at": time.time_ns() // 1_000_000}
        self._rows.append(row)
        self._callbacks.epoch(self._job.seed, row)

    def _state(self, state: "State") -> None:
        from hemline.training.trainer import arrays_of  # noqa: PLC0415

        seed, asked = self._job.seed, self._callbacks.asked_to_end(self._job.seed)
        if asked or self._kept.due(seed):
            self._kept.keep(seed, TrainingState(self._rows, arrays_of(state)))
        if asked:
            raise CancelledError

    def _result(self, trainer: "Trainer", model: "keras.Sequential") -> TrainingResult:
        from hemline.training.model import content_of, describe_layers, serving_model  # noqa: PLC0415

        scale = self._job.spec.settings.normalize.scale
        return TrainingResult(
            history=self._rows,
            model=content_of(model),
            served=served_model(serving_model(model, scale)),
            layers=describe_layers(model),
            # Of the test set, the images only: their labels are for the evaluate stage.
            predicted={name: trainer.predict(model, images) for name, images in _to_predict(self._job.spec).items()},
        )


def served_model(model: "keras.Sequential") -> ServedModel:
    """Return a Keras model that takes raw pixels in a form that needs no Keras to be handed on and recorded."""
    from hemline.training.model import content_of  # noqa: PLC0415

    interface = Interface(model.name, tuple(model.input_shape[1:]), model.output_shape[1])
    return ServedModel(content_of(model), interface)


def _to_predict(spec: TrainingSpec) -> dict[Predicted, NDArray[np.float32]]:
    data = Normalized(spec.data)
    return {name: data.images(name) for name in _PREDICTED}


def watched_sets(data: Normalized, *, record_test: bool) -> dict[str, Labelled]:
    """Return the sets whose figures the history records; training looks at none of them."""
    # The test set is for the analysis of claims about test loss over epochs; no selection may read these columns.
    names = {"val": "validation"} | ({"test": "test"} if record_test else {})
    sets = {prefix: data.read(name) for prefix, name in names.items()}
    return {prefix: labelled for prefix, labelled in sets.items() if len(labelled.labels)}
