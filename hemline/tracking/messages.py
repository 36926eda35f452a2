"""What a training tells of itself, as it happens: messages from the process that trains to the one that records.

Times are milliseconds since 1970, taken where something happens and not where it is written.
"""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from hemline.jobs.trained import Settings
from hemline.tracking.model_file import ModelFile


@dataclass(frozen=True)
class Open:
    """Trainings with ``settings`` follow: first of all, and once."""

    settings: Settings


@dataclass(frozen=True)
class Epoch:
    """An epoch of ``seed`` has ended.

    Attributes:
        seed: of the training.
        figures: ``epoch``, from 1, and its metrics; NaN where there is none.
        at: when it ended.
    """

    seed: int
    figures: Mapping[str, float]
    at: int


@dataclass(frozen=True)
class Start:
    """The training of ``seed`` has begun, or goes on.

    Attributes:
        seed: of the training.
        at: when it began.
        training_id: of a training that may be killed and go on, with all of its seeds; its run is found by it.
        earlier: the epochs before it was killed, or ended.
    """

    seed: int
    at: int
    training_id: str = ""
    earlier: tuple[Epoch, ...] = ()


@dataclass(frozen=True)
class Finish:
    """The training of ``seed`` has ended as it should.

    Attributes:
        seed: of the training.
        model: the trained model, which takes raw pixels.
        sha256: of the model's file in the workspace, by which the run is known.
        at: when it ended.
    """

    seed: int
    model: ModelFile
    sha256: str
    at: int


@dataclass(frozen=True)
class End:
    """Nothing follows; trainings that have not finished ended with this ``status``."""

    status: Literal["FAILED", "KILLED"]
    at: int


Message = Open | Start | Epoch | Finish | End


def now() -> int:
    """Return the present time, as messages have it."""
    return time.time_ns() // 1_000_000
