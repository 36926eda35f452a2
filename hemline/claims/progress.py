"""What a reader sees while the claims are trained, from the lines that DVC and the stages print."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

from hemline.claims.file import Claims
from hemline.jobs.progress import Progress
from hemline.terminal.bar import watched
from hemline.terminal.line import line

_TRAINING = re.compile(r"Running stage 'train@(?P<variant>[a-z0-9-]+)'")
_CACHED = re.compile(r"Stage 'train@(?P<variant>[a-z0-9-]+)' (is cached|didn't change)")
_STAGE = re.compile(r"Running stage '(?P<stage>[a-z]+)'")


@dataclass(frozen=True)
class Setting:
    """A variant of an experiment, the claims that need it, and the epochs of all its seeds."""

    experiment: str
    variant: str
    claims: Sequence[str]
    epochs: int


def settings(claims: Claims, experiment: str) -> list[Setting]:
    """List an experiment's trainings with the claims that need them."""
    params = claims.params(experiment)
    epochs = {name: len(params.seeds_of(name)) * params.epochs_of(name) for name in params.variants}
    return [Setting(experiment, name, claims.claims_of(f"{experiment}/{name}"), epochs[name]) for name in epochs]


class Display:
    """One line that changes in a terminal, with the time left; elsewhere, a line for each setting."""

    def __init__(self, todo: Sequence[Setting]) -> None:
        self._todo = {(setting.experiment, setting.variant): setting for setting in todo}
        self._total = sum(setting.epochs for setting in todo)
        self._experiment, self._watched = "", watched()
        # Trainings may stop early.
        self._line = line("epochs", left="left at most")
        self._task = self._line.add_task("", total=self._total)

    def __enter__(self) -> Self:
        if self._watched:
            self._line.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._watched:
            self._line.stop()

    def begin(self, experiment: str) -> None:
        """Say that the lines to come are those of ``experiment``."""
        self._experiment = experiment
        self._show(f"{experiment}: starting")

    def receive(self, text: str) -> None:
        """Take one line that DVC or a stage printed."""
        if match := _CACHED.search(text):
            # What DVC has in its cache is not waited for.
            setting = self._todo.get((self._experiment, match["variant"]))
            self._total -= setting.epochs if setting else 0
            self._line.update(self._task, total=self._total)
        elif match := _TRAINING.search(text):
            setting = self._todo.get((self._experiment, match["variant"]))
            claims = ", ".join(setting.claims if setting else []) or "baseline"
            self._show(f"{self._experiment} · {match['variant']} ({claims})")
            if not self._watched:
                print(f"{self._experiment} · {match['variant']} ({claims})", flush=True)
        elif Progress.read(text):
            self._line.advance(self._task)
        elif match := _STAGE.search(text):
            self._show(f"{self._experiment} · {match['stage']}")

    def _show(self, text: str) -> None:
        self._line.update(self._task, description=text)
