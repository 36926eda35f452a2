"""The section on the search of settings: what was searched, at which budget, and what was chosen."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from hemline.comparison.metrics import Decision, decision_of, find_metric
from hemline.params import TUNED, Params
from hemline.tuning.expected import expected_best, interval, most_trials
from hemline.tuning.search import Search
from hemline.tuning.tuned import Trial, Tuned, choices

if TYPE_CHECKING:
    from fsspec import AbstractFileSystem

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
        """Return whether the expected best score can be estimated: from enough independent, whole trials only."""
        return self.search.sampler == "random" and not self.is_halved() and len(self.trials) >= _FEWEST

    def is_halved(self) -> bool:
        """Return whether halving has ended trials; those of a family without epochs are whole."""
        return not all(trial.complete for trial in self.trials)


class Row(NamedTuple):
    """A variant's row in the table, as printed."""

    variant: str
    trials: str
    updates: str
    score: str
    chosen: list[str]  # by each search


def searched(
    variants: list[str], folder: Path = TUNED, files: "AbstractFileSystem | None" = None
) -> dict[str, Searched]:
    """Return the searches of those variants that had one.

    Raises:
        InputError: an output of the stage tune is missing or damaged.
    """
    found = {name: Tuned(name, folder, files) for name in variants}
    searches = {name: each.search() for name, each in found.items()}
    return {name: Searched(search, found[name].trials()) for name, search in searches.items() if search}


def rows(searches: dict[str, Searched], params: Params) -> list[Row]:
    """Return a row for each variant, in the order of ``params.yaml``."""
    return [
        _row(name, searches[name]) if name in searches else Row(name, "none", "", "", []) for name in params.variants
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
        f"The settings of each searched variant were chosen by validation {words} from {_trials(first)}; the compared "
        f"models were trained again with other seeds.{without}"
    )
    return [chosen, _coverage(first, len(params.seeds)), *_edges(searches)]


def equal_budget(searches: dict[str, Searched]) -> str:
    """Say what all searches have equally, and what not; "" without searches."""
    budgets = {
        "trials": "the same number of trials. Equal trials are not equal compute: the table has the updates.",
        "updates": "the same number of weight updates, as nearly as whole trials allow. Equal updates are not "
        "equal seconds: a larger network takes longer for each.",
        "seconds": "the same number of seconds, estimated beforehand, as nearly as whole trials allow. Equal seconds "
        "are not equal trials: the table has their number.",
    }
    first = next(iter(searches.values()), None)
    return f"Every searched variant had {budgets[first.search.budget]}" if first else ""


def _trials(search: Search) -> str:
    """Say how many trials a search has, and what all searches have equally."""
    if search.budget == "trials":
        halved = " (halving: a third of them continues after a ninth of the epochs, and a third of those after a third)"
        return f"{search.trials} {search.sampler} trials{halved if search.halving else ''}"
    unit = "updates of weights" if search.budget == "updates" else "estimated seconds"
    return (
        f"{search.sampler} trials with an equal number of {unit}: the number that {search.trials} trainings of the "
        "costliest variant take with its settings in params.yaml"
    )


def _coverage(search: Search, seeds: int) -> str:
    """Say what the intervals cover."""
    if search.repeats == 1:
        return (
            "All intervals are conditional on these settings: another search may choose other settings. With "
            "`tuning.repeats: 3`, intervals account for that."
        )
    trained = f"{seeds} seeds" if seeds > 1 else "one seed"
    return (
        f"Each of these variants was searched {search.repeats} times, and each choice was trained with {trained}, or "
        "once where no seed changes a model: the intervals account for the choice of settings as well."
    )


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


def trials_until_ahead(searches: dict[str, Searched], baseline: str, validation: Mapping[str, float]) -> list[str]:
    """Say from how many trials on the expected best score of a search is above the baseline's, or a loss below it.

    It counts where the whole 95 % interval is: above that of the baseline's search with as many trials, or above the
    mean validation score of a baseline that was not searched.

    Args:
        searches: by variant.
        baseline: the variant that others are compared with.
        validation: by variant, the mean of the deciding metric on validation images.
    """
    other = searches.get(baseline)
    if other and not other.has_curve():
        return []
    found = []
    for name, each in searches.items():
        if name == baseline or not each.has_curve():
            continue
        numbers = range(1, most_trials(len(each.scores())) + 1)
        sign = -1 if each.decision.is_loss else 1
        to_beat = [_top(other, number) if other else sign * validation[baseline] for number in numbers]
        ahead = [interval(each.scores(), number)[0] > top for number, top in zip(numbers, to_beat, strict=True)]
        first = next((number for number in numbers if all(ahead[number - 1 :])), None)
        found.append(f"{name} {_from(first, len(numbers))}")
    if not found:
        return []
    decision = next(iter(searches.values())).decision
    side = "below" if decision.is_loss else "above"
    words = f"The whole interval of the expected validation {decision.words} is {side} that of {baseline}"
    return [f"{words}: {'; '.join(found)}."]


def _top(other: Searched, trials: int) -> float:
    scores = other.scores()
    return interval(scores, min(trials, most_trials(len(scores))))[1]


def _from(first: int | None, most: int) -> str:
    return f"not with up to {most} trials" if first is None else f"from {first} trial{'s' * (first > 1)} on"


def no_curves(searches: dict[str, Searched]) -> str:
    """Say why a curve is missing, or ""."""
    missing = [each for each in searches.values() if not each.has_curve()]
    if not missing:
        return ""
    if any(each.is_halved() for each in missing):
        return "Halving stopped trials before their last epoch, so there is no curve of the expected score."
    if missing[0].search.sampler != "random":
        return "The curve of the expected score needs independent random trials; these are quasi-random."
    return f"The curve of the expected score needs at least {_FEWEST} trials."


def _row(name: str, each: Searched) -> Row:
    chosen = [choice.trial for choice in choices(each.search, each.trials)]
    counts = {
        "": len(each.trials),
        " ended by halving": sum(not trial.complete for trial in each.trials),
        " failed": sum(trial.score is None for trial in each.trials),
    }
    metric = find_metric(each.search.metric)
    return Row(
        variant=name,
        trials=", ".join(f"{number}{what}" for what, number in counts.items() if number),
        updates=f"{sum(trial.updates for trial in each.trials):,}",
        score=", ".join(metric.show(trial.score or 0.0) for trial in chosen),
        chosen=[", ".join(f"{key} {_cell(value)}" for key, value in trial.drawn.items()) for trial in chosen],
    )


def _edges(searches: dict[str, Searched]) -> list[str]:
    edges = {
        name: dict.fromkeys(key for choice in choices(each.search, each.trials) for key in choice.edges)
        for name, each in searches.items()
    }
    at = [f"{', '.join(keys)} of {name}" for name, keys in edges.items() if keys]
    beyond = "Values beyond the edge were not tried."
    return [f"Not tuned, at the edge of the search space: {'; '.join(at)}. {beyond}"] if at else []


def _cell(value: object) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)
