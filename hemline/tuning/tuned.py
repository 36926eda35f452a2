"""The output of the tune stage in ``models/_tuned/<variant>/``: every trial of the search, and what was chosen."""

import json
import math
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from pydantic import RootModel

from hemline.comparison.metrics import decision_of, find_metric
from hemline.families.space import Scalar
from hemline.outputs import Outputs
from hemline.params import CHOSEN, TUNED
from hemline.processes.drafts import draft
from hemline.schema import StrictModel
from hemline.tuning.search import Search, at_edges

if TYPE_CHECKING:
    import pandas as pd
    from fsspec import AbstractFileSystem

_SEARCH, _TRIALS = "search.json", "trials.json"


class Trial(StrictModel):
    """One trial."""

    number: int  # from 0 on, through all searches of a variant
    repeat: int = 0  # the search, from 0 on
    drawn: dict[str, Scalar]
    epochs: int  # that were trained
    updates: int  # of the weights
    score: float | None  # the deciding metric on the validation images; None: the training failed
    loss: float | None  # on the validation images
    accuracy: float | None
    reason: str  # why it ended
    complete: bool = True  # whether it was not ended by halving


class _Trials(RootModel[list[Trial]]):
    pass


class Choice(NamedTuple):
    """The best trial of a search, by validation."""

    trial: Trial
    settings: dict[str, Any]  # that override the variant's own
    edges: list[str]  # settings at the edge of their space


class Tuned(Outputs):
    """The folder of the variant ``variant``; without a search, its only file says so."""

    PATH = TUNED

    def __init__(self, variant: str, folder: Path = TUNED, files: "AbstractFileSystem | None" = None) -> None:
        super().__init__(folder / variant, files, stage=f"tune@{variant}")
        self.variant = variant

    def write(self, search: Search | None = None, trials: list[Trial] | None = None) -> None:
        """Write a search and its trials, in the order of their numbers, or that there was none."""
        with draft() as new:
            folder = new.folder / self.variant
            folder.mkdir()
            _write(folder / CHOSEN, _chosen(search, trials) if search and trials else {})
            if search and trials:
                _write(folder / _SEARCH, search.model_dump(mode="json"))
                rows = sorted(trials, key=lambda trial: trial.number)
                _write(folder / _TRIALS, _Trials(rows).model_dump(mode="json"))
            self.path.parent.mkdir(parents=True, exist_ok=True)
            new.put(self.variant, self.path)

    def search(self) -> Search | None:
        """Return the search, or None where there was none."""
        return self.read_json(_SEARCH, Search) if self.has(_SEARCH) else None

    def trials(self) -> list[Trial]:
        """Return the trials in the order of their numbers."""
        return self.read_json(_TRIALS, _Trials).root

    def table(self) -> "pd.DataFrame":
        """Return a row per trial, with a column per setting."""
        import pandas as pd  # noqa: PLC0415 - the stage, which only writes, starts sooner without

        return pd.DataFrame([each.drawn | each.model_dump(exclude={"drawn"}) for each in self.trials()])


def _chosen(search: Search, trials: list[Trial]) -> Any:
    """Return the settings that the search has chosen; a list of those of each search, where it was repeated."""
    found = [choice.settings for choice in choices(search, trials)]
    return found if search.repeats > 1 else found[0]


def choices(search: Search, trials: list[Trial]) -> list[Choice]:
    """Return the best trial of each search of a variant.

    Raises:
        ValueError: no trial of a search has a score.
    """
    searches = range(search.repeats)
    return [best(search, [trial for trial in trials if trial.repeat == repeat]) for repeat in searches]


def best(search: Search, trials: list[Trial]) -> Choice:
    """Return the trial with the best score, of those that halving has not ended; of several, the first.

    Raises:
        ValueError: no trial has a score.
    """
    sign = -1 if decision_of(find_metric(search.metric)).is_loss else 1
    ended = [trial for trial in trials if trial.complete and trial.score is not None]
    scored = [trial for trial in ended if math.isfinite(trial.score or 0.0)]
    if not scored:
        raise ValueError(f"trials: at least one must have a score, got {trials}")
    trial = max(scored, key=lambda each: (sign * (each.score or 0.0), -each.number))
    return Choice(trial, search.overrides(trial.drawn), at_edges(search.space, trial.drawn))


def _write(path: Path, values: Any) -> None:
    path.write_text(json.dumps(values, indent=2) + "\n")
