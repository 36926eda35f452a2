"""One training as a job: its specification, its callbacks, and the executor that runs it.

A thread of this process or a process of another machine can run a job, and both give the same bytes.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol, Self

from hemline.data.normalized import Normalized
from hemline.errors import InputError
from hemline.families.registry import family_of
from hemline.jobs.checkpoint import fingerprint
from hemline.jobs.result import TrainingResult
from hemline.jobs.trained import Settings
from hemline.training.resume import Row


@dataclass(frozen=True)
class TrainingSpec:
    """All that determines a variant's trainings but their seeds; equal to another with the same key."""

    key: str  # the fingerprint of settings, data, code, versions and processor
    settings: Settings = field(compare=False)
    record_test: bool = field(compare=False)  # whether figures of the test set are recorded after each epoch
    data: Path = field(compare=False)  # the absolute path of the folder that the normalize stage wrote
    digests: dict[str, str] = field(compare=False)  # SHA-256 of those of its files that a training reads, by name

    @classmethod
    def of(cls, settings: Settings, digests: dict[str, str], *, record_test: bool) -> "TrainingSpec":
        """Return the spec for the data set of the workspace; ``digests`` are from ``Normalized.digests``."""
        sources = family_of(settings.training).sources(settings.training)
        key = fingerprint(settings.model_dump(), digests | sources)
        return cls(key, settings, record_test, Normalized.PATH.resolve(), digests)


@dataclass(frozen=True)
class TrainingJob:
    """One training."""

    spec: TrainingSpec
    seed: int
    concurrent_trainings: int = 1  # how many trainings share the memory of this machine, itself included
    checkpoints: Path | None = None  # the folder of checkpoints, if this training may keep some there

    @property
    def key(self) -> str:
        """What this training is known by: no other with the same one has another result."""
        return f"training-{self.spec.key}-{self.seed}"


class LostError(InputError):
    """A training that cannot be done where it was tried; the others go on."""


class TrainingCallbacks(Protocol):
    """Callbacks of a training, which may also end it; called from the training's thread."""

    def begin(self, seed: int, earlier: list[Row]) -> None:
        """Take notice that the training of ``seed`` begins, after the epochs ``earlier``."""

    def epoch(self, seed: int, row: Row) -> None:
        """Take notice of an epoch: its figures, ``seconds``, and ``at``, when it ended (milliseconds since 1970)."""

    def asked_to_end(self, seed: int) -> bool:
        """Say whether the training is to end after this epoch, in the middle of it."""


class Executor(ABC):
    """Where trainings are done; a context, which ends when they have ended."""

    def __enter__(self) -> Self:
        return self

    @abstractmethod
    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None: ...

    @abstractmethod
    def submit(self, job: TrainingJob, callbacks: TrainingCallbacks) -> Future[TrainingResult]:
        """Let ``job`` be done; the future raises what it raised, and ``CancelledError`` if it was interrupted."""

    @abstractmethod
    def stop(self) -> None:
        """End trainings after their current epoch, because another has failed or they are no longer needed."""

    def prefetch(self, jobs: Callable[[], list[TrainingJob]], needed: Callable[[], set[str]]) -> None:  # noqa: B027
        """Take notice of what will be wanted next: those of ``jobs()`` whose variants ``needed()`` returns."""

    def check_alive(self) -> None:  # noqa: B027
        """Say, now and then while somebody waits, whether the trainings can still be done.

        Raises:
            InputError: they can not.
            CancelledError: they are no longer needed.
        """

    def acknowledge(self, job: TrainingJob) -> None:  # noqa: B027
        """Take notice that the result of ``job`` has been kept."""
