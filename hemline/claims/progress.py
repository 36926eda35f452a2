"""What a reader sees while the claims are trained: the setting, its claims, and the time left.

It reads the lines that DVC and the stages print. The time left comes from a rough cost of each training, corrected by
the pace so far.
"""

import re
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Self

from hemline.claims.file import Claims
from hemline.data.description import load_dataset
from hemline.describe.duration import stage_seconds
from hemline.jobs.progress import Progress
from hemline.terminal.bar import watched
from hemline.terminal.line import plain_line

# The pace so far counts once this many estimated seconds are done.
_ENOUGH = 15.0

_TRAINING = re.compile(r"Running stage 'train@(?P<variant>[a-z0-9-]+)'")
_CACHED = re.compile(r"Stage 'train@(?P<variant>[a-z0-9-]+)' (is cached|didn't change)")
_STAGE = re.compile(r"Running stage '(?P<stage>[a-z]+)'")


@dataclass(frozen=True)
class Setting:
    """A variant of an experiment, the claims that need it, and its estimated seconds."""

    experiment: str
    variant: str
    claims: Sequence[str]
    seeds: int
    epochs: int
    seconds: float


def settings(claims: Claims, experiment: str) -> list[Setting]:
    """List an experiment's trainings with the claims that need them, and their estimated cost.

    Raises:
        InputError: its data set is not described.
    """
    params = claims.params(experiment)
    dataset = load_dataset(params.dataset)
    listed = []
    for variant in params.variants:
        training = params.training(variant)
        images = dataset.training_images
        seconds = stage_seconds(training, params.seeds, dataset.image_shape, len(dataset.classes), images)
        needed_by = claims.claims_of(f"{experiment}/{variant}")
        listed.append(
            Setting(experiment, variant, needed_by, len(params.seeds_of(variant)), params.epochs_of(variant), seconds)
        )
    return listed


class Display:
    """One line that changes in a terminal; elsewhere, a line for each setting."""

    def __init__(self, todo: Sequence[Setting], clock: Callable[[], float] = time.monotonic) -> None:
        self._todo = {(setting.experiment, setting.variant): setting for setting in todo}
        self._total = sum(setting.seconds for setting in todo)
        self._restored = 0.0  # estimated seconds of what DVC had in its cache
        self._finished = 0.0  # estimated seconds of what was trained
        self._present: Setting | None = None
        self._epochs: dict[int, int] = {}
        self._experiment = ""
        self._clock, self._start = clock, clock()
        self._number = 0
        self._watched = watched()
        self._bar = plain_line(disable=not self._watched)
        self._task = self._bar.add_task("", total=self._total)

    def __enter__(self) -> Self:
        self._bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._bar.stop()

    def begin(self, experiment: str) -> None:
        """Say that the lines to come are those of ``experiment``."""
        self._experiment = experiment
        self._show(f"{experiment}: starting")

    def receive(self, line: str) -> None:
        """Take one line that DVC or a stage printed."""
        if match := _CACHED.search(line):
            self._close()
            setting = self._todo.pop((self._experiment, match["variant"]), None)
            self._restored += setting.seconds if setting else 0.0
            self._number += 1
        elif match := _TRAINING.search(line):
            self._close()
            self._present = self._todo.get((self._experiment, match["variant"]))
            self._number += 1
            self._announce()
        elif training := Progress.read(line):
            self._epochs[training.seed] = training.epoch
            self._show(self._text())
        elif match := _STAGE.search(line):
            self._close()
            self._show(f"{self._experiment} · {match['stage']}{self._left()}")

    def seconds_left(self) -> float | None:
        """Estimate the seconds left, or None while nothing is known of the pace."""
        done = self._finished + self._share() * (self._present.seconds if self._present else 0.0)
        pace = (self._clock() - self._start) / done if done > _ENOUGH else 1.0
        return pace * max(self._total - self._restored - done, 0.0)

    def _close(self) -> None:
        """Count the present setting as done."""
        if self._present:
            self._finished += self._present.seconds
            self._todo.pop((self._present.experiment, self._present.variant), None)
        self._present, self._epochs = None, {}

    def _share(self) -> float:
        present = self._present
        return sum(self._epochs.values()) / (present.seeds * present.epochs) if present else 0.0

    def _text(self) -> str:
        present = self._present
        if present is None:
            return self._experiment
        claims = ", ".join(present.claims) or "baseline"
        share = f"{100 * self._share():.0f} %"
        return f"{present.experiment} · {present.variant} ({claims}) · {share}{self._left()}"

    def _left(self) -> str:
        seconds = self.seconds_left()
        if seconds is None:
            return ""
        return f" · about {seconds / 60:.0f} min left" if seconds > 90 else f" · about {seconds:.0f} s left"  # noqa: PLR2004

    def _announce(self) -> None:
        if self._watched:
            self._show(self._text())
        else:
            print(self._text(), flush=True)

    def _show(self, text: str) -> None:
        completed = self._restored + self._finished
        if self._present:
            completed += self._share() * self._present.seconds
        self._bar.update(self._task, description=text, completed=completed)
