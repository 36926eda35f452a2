"""One training as a job: its specification, its callbacks, and the executor that runs it.

A thread of this process or a process of another machine can run a job, and both give the same bytes.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field
from fnmatch import fnmatch
from pathlib import Path
from typing import Protocol, Self

from hemline.data.normalized import Normalized, split_file
from hemline.errors import InputError
from hemline.families.registry import family_of
from hemline.jobs.checkpoint import fingerprint
from hemline.jobs.result import TrainingResult
from hemline.jobs.settings import Settings
from hemline.training.resume import Row


@dataclass(frozen=True)
class TrainingSpec:
    """Everything but the seed that determines a variant's trainings; specs with the same key are equal."""

    key: str  # the fingerprint of settings, data, code, versions and processor, without the splits of single seeds
    settings: Settings = field(compare=False)
    record_test: bool = field(compare=False)  # whether figures of the test set are recorded after each epoch
    data: Path = field(compare=False)  # the absolute path of the folder that the normalize stage wrote
    digests: dict[str, str] = field(compare=False)  # SHA-256 of those of its files that a training reads, by name

    @classmethod
    def of(cls, settings: Settings, digests: dict[str, str], *, record_test: bool) -> "TrainingSpec":
        """Return the spec for the data set of the workspace; ``digests`` are from ``Normalized.digests``."""
        sources = family_of(settings.training).sources(settings.training)
        # With one more seed, the trainings of the others stay what they are.
        shared = {name: digest for name, digest in digests.items() if not fnmatch(name, split_file("*"))}
        key = fingerprint(settings.model_dump(), shared | sources)
        return cls(key, settings, record_test, Normalized.PATH.resolve(), digests)

    def key_of(self, seed: int) -> str:
        """Return the fingerprint of all that determines the training of ``seed`` but the seed itself."""
        own = self.digests.get(split_file(seed))
        return f"{self.key}-{own}" if own else self.key


@dataclass(frozen=True)
class TrainingJob:
    """One training."""

    spec: TrainingSpec
    seed: int
    concurrent_trainings: int = 1  # how many trainings share the memory of this machine, itself included
    checkpoints: Path | None = None  # the folder of checkpoints, if this training may keep some there
    trial: bool = False  # whether only its predictions of validation images are wanted
    # the key of its checkpoints, where it is the beginning of a longer training, and whether that will go on after it
    longer: str = ""
    goes_on: bool = False

    @property
    def key(self) -> str:
        """The identity of this training: the same identity means the same result."""
        return f"{'trial' if self.trial else 'training'}-{self.spec.key_of(self.seed)}-{self.seed}"

    @property
    def state_key(self) -> str:
        """The key of its checkpoints."""
        return self.longer or self.spec.key


class LostError(InputError):
    """A training that cannot run where it was tried; the others continue."""


class TrainingCallbacks(Protocol):
    """Callbacks of a training, which may also end it; called from the training's thread."""

    def begin(self, seed: int, earlier: list[Row]) -> None:
        """Handle the start of the training of ``seed``, after the epochs ``earlier``."""

    def epoch(self, seed: int, row: Row) -> None:
        """Handle an epoch: its metrics, its CPU ``seconds``, and ``at``, when it ended (milliseconds since 1970)."""

    def asked_to_end(self, seed: int) -> bool:
        """Return whether the training should end early, after this epoch."""


class Executor(ABC):
    """The executor of trainings; a context manager that exits when they have ended."""

    def __enter__(self) -> Self:
        return self

    @abstractmethod
    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None: ...

    @abstractmethod
    def submit(self, job: TrainingJob, callbacks: TrainingCallbacks) -> Future[TrainingResult]:
        """Submit ``job``; the future raises its exception, or ``CancelledError`` if it was interrupted."""

    @abstractmethod
    def stop(self) -> None:
        """End trainings after their current epoch, because another has failed or they are no longer needed."""

    def prefetch(self, jobs: Callable[[], list[TrainingJob]], needed: Callable[[], set[str]]) -> None:  # noqa: B027
        """Prepare for the next trainings: those of ``jobs()`` whose variants ``needed()`` returns."""

    def check_alive(self) -> None:  # noqa: B027
        """Check, regularly while a caller waits, that the trainings can still run.

        Raises:
            InputError: they can not.
            CancelledError: they are no longer needed.
        """

    def acknowledge(self, job: TrainingJob) -> None:  # noqa: B027
        """Note that the result of ``job`` has been saved."""
