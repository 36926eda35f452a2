"""Messages of a running training, from the process that trains to the one that records.

Times are milliseconds since 1970, taken where something happens and not where it is written.
"""

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from hemline.jobs.settings import Settings
from hemline.tracking.model_file import ModelFile


@dataclass(frozen=True)
class Open:
    """Trainings with ``settings`` follow: first, and once."""

    settings: Settings
    by_seed: Mapping[int, Settings] = field(default_factory=dict)  # of seeds whose settings may differ from these

    def of_seed(self, seed: int) -> Settings:
        """Return the settings of the training of ``seed``."""
        return self.by_seed.get(seed, self.settings)


@dataclass(frozen=True)
class Epoch:
    """An epoch of ``seed`` has ended."""

    seed: int
    figures: Mapping[str, float]  # ``epoch``, from 1, and its metrics; NaN where there is none
    at: int  # when it ended


@dataclass(frozen=True)
class Start:
    """The training of ``seed`` has begun, or has resumed."""

    seed: int
    at: int  # when it began
    training_id: str = ""  # of a training that may be killed and go on, with all of its seeds; its run is found by it
    earlier: tuple[Epoch, ...] = ()  # the epochs before it was killed, or ended


@dataclass(frozen=True)
class Finish:
    """The training of ``seed`` has ended as it should."""

    seed: int
    model: ModelFile  # the trained model, which takes raw pixels
    sha256: str  # of the model's file in the workspace, by which the run is known
    at: int  # when it ended


@dataclass(frozen=True)
class End:
    """Nothing follows; trainings that have not finished ended with this ``status``."""

    status: Literal["FAILED", "KILLED"]
    at: int


Message = Open | Start | Epoch | Finish | End


def now() -> int:
    """Return the current time, as messages have it."""
    return time.time_ns() // 1_000_000
