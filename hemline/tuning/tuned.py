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

_SEARCH, _TRIALS = "search.json", "trials.json"


class Trial(StrictModel):
    """One trial."""

    number: int  # from 0 on
    drawn: dict[str, Scalar]
    epochs: int  # that were trained
    updates: int  # of the weights
    score: float | None  # the deciding metric on the validation images; None: the training failed
    loss: float | None  # on the validation images
    accuracy: float | None
    reason: str  # why it ended


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

    def __init__(self, variant: str, folder: Path = TUNED) -> None:
        super().__init__(folder / variant, stage=f"tune@{variant}")
        self.variant = variant

    def write(self, search: Search | None = None, trials: list[Trial] | None = None) -> None:
        """Write a search and its trials, in the order of their numbers, or that there was none."""
        with draft() as new:
            folder = new.folder / self.variant
            folder.mkdir()
            chosen = best(search, trials).settings if search and trials else {}
            _write(folder / CHOSEN, chosen)
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


def best(search: Search, trials: list[Trial]) -> Choice:
    """Return the trial with the best score; of several, the first.

    Raises:
        ValueError: no trial has a score.
    """
    sign = -1 if decision_of(find_metric(search.metric)).is_loss else 1
    scored = [trial for trial in trials if trial.score is not None and math.isfinite(trial.score)]
    if not scored:
        raise ValueError(f"trials: at least one must have a score, got {trials}")
    trial = max(scored, key=lambda each: (sign * (each.score or 0.0), -each.number))
    return Choice(trial, search.overrides(trial.drawn), at_edges(search.space, trial.drawn))


def _write(path: Path, values: Any) -> None:
    path.write_text(json.dumps(values, indent=2) + "\n")
