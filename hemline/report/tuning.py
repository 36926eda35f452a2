"""The section on the search of settings: what was searched, at which budget, and what was chosen."""

from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from hemline.comparison.metrics import Decision, decision_of, find_metric
from hemline.params import TUNED, Params
from hemline.tuning.expected import expected_best, interval, most_trials
from hemline.tuning.search import Search
from hemline.tuning.tuned import Trial, Tuned, best

# The fewest trials of a curve with at least three points.
_FEWEST = 9


class Searched(NamedTuple):
    """A search and its trials."""

    search: Search
    trials: list[Trial]

    @property
    def decision(self) -> Decision:
        """The use of the metric that scores trials."""
        return decision_of(find_metric(self.search.metric))

    def scores(self) -> NDArray[np.float64]:
        """Return the scores of the trials, float64 (trials,), higher is better; a failed one scores worst."""
        sign = -1 if self.decision.is_loss else 1
        scores = [each.score for each in self.trials if each.score is not None]
        worst = min(sign * each for each in scores)
        return np.array([worst if each.score is None else sign * each.score for each in self.trials])

    def has_curve(self) -> bool:
        """Return whether the expected best score can be estimated: from enough independent trials only."""
        return self.search.sampler == "random" and len(self.trials) >= _FEWEST


class Row(NamedTuple):
    """A variant's row in the table, as printed."""

    variant: str
    trials: str
    updates: str
    score: str
    chosen: str


def searched(variants: list[str], folder: Path = TUNED) -> dict[str, Searched]:
    """Return the searches of those variants that had one.

    Raises:
        InputError: an output of the stage tune is missing or damaged.
    """
    found = {name: Tuned(name, folder) for name in variants}
    searches = {name: each.search() for name, each in found.items()}
    return {name: Searched(search, found[name].trials()) for name, search in searches.items() if search}


def rows(searches: dict[str, Searched], params: Params) -> list[Row]:
    """Return a row for each variant, in the order of ``params.yaml``."""
    return [
        _row(name, searches[name]) if name in searches else Row(name, "none", "", "", "") for name in params.variants
    ]


def sentences(searches: dict[str, Searched], params: Params) -> list[str]:
    """Say what was searched, and what the intervals then cover; nothing without searches."""
    if not searches:
        return []
    any_search = next(iter(searches.values()))
    first, words = any_search.search, any_search.decision.words
    not_searched = [name for name in params.variants if name not in searches]
    without = f" Not searched: {', '.join(not_searched)}." if not_searched else ""
    chosen = (
        f"The settings of each searched variant were chosen by validation {words} from {first.trials} {first.sampler} "
        f"trials; the compared models were trained again with other seeds.{without}"
    )
    draw = "All intervals hold for the chosen settings: one search is one draw, and another may choose others."
    return [chosen, draw, *_edges(searches)]


def curves(searches: dict[str, Searched]) -> dict[str, list[tuple[float, float, float]]]:
    """Return by variant the expected best score of 1, 2, ... trials, with the ends of its interval, as printed.

    Shares are in per cent; of a loss, a lower one is better.
    """
    found = {}
    for name, each in searches.items():
        if not each.has_curve():
            continue
        scores, factor = each.scores(), -1 if each.decision.is_loss else each.decision.unit.factor
        numbers = range(1, most_trials(len(scores)) + 1)
        points = [(expected_best(scores, number), *interval(scores, number)) for number in numbers]
        found[name] = [(factor * value, factor * low, factor * high) for value, low, high in points]
    return found


def no_curves(searches: dict[str, Searched]) -> str:
    """Say why a curve is missing, or ""."""
    missing = [each.search for each in searches.values() if not each.has_curve()]
    if not missing:
        return ""
    if missing[0].sampler != "random":
        return "The curve of the expected score needs independent random trials; these are quasi-random."
    return f"The curve of the expected score needs at least {_FEWEST} trials."


def _row(name: str, each: Searched) -> Row:
    choice = best(each.search, each.trials)
    failed = sum(trial.score is None for trial in each.trials)
    score = choice.trial.score or 0.0
    return Row(
        variant=name,
        trials=f"{len(each.trials)}" + (f", {failed} failed" if failed else ""),
        updates=f"{sum(trial.updates for trial in each.trials):,}",
        score=find_metric(each.search.metric).show(score),
        chosen=", ".join(f"{key} {_cell(value)}" for key, value in choice.trial.drawn.items()),
    )


def _edges(searches: dict[str, Searched]) -> list[str]:
    edges = {name: best(each.search, each.trials).edges for name, each in searches.items()}
    at = [f"{', '.join(keys)} of {name}" for name, keys in edges.items() if keys]
    beyond = "Values beyond the edge were not tried."
    return [f"Not tuned, at the edge of its space: {'; '.join(at)}. {beyond}"] if at else []


def _cell(value: object) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)
