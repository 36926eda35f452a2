"""The difference of a variant between two revisions in the deciding metric, and its verdict."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from hemline.comparison.enough import tells
from hemline.comparison.groups import Groups
from hemline.comparison.metrics import ACCURACY, ImageScores, Metric, decision_of
from hemline.comparison.statistics import adjust, table, verdict

Kind = Literal["compared", "unchanged", "new", "removed"]
Words = Literal[
    "better",
    "no difference shown",
    "too few to tell",
    "worse",
    "worse, within the margin",
    "worse by more than the margin",
    "not shown to be within the margin",
]


class Difference(NamedTuple):
    """The improvement of a variant in the deciding metric, with its 95 % interval.

    ``p_value`` is that of the test for a difference, not adjusted. With one training, the interval does not cover
    seeds.
    """

    estimate: float
    low: float
    high: float
    p_value: float
    covers_seeds: bool


@dataclass(frozen=True)
class Change:
    """A variant at two revisions."""

    variant: str
    kind: Kind  # how the two revisions differ
    old: float | None = None  # the deciding metric at the other revision; None for a new variant
    new: float | None = None  # the deciding metric here; None for a removed variant
    trainings: int = 0  # the number of compared pairs of trainings
    other_seeds: int = 0  # the number of pairs with different seeds
    left_out: int = 0  # the number of trainings without a partner
    difference: Difference | None = None  # of the compared pairs


class Judged(NamedTuple):
    """A change, its p-value adjusted for the number of variants, and the verdict; None if nothing was compared."""

    change: Change
    p_value: float | None = None
    words: Words | None = None
    fails: bool = False


class Pair(NamedTuple):
    """The places of two trainings that are compared, and whether they have the same seed."""

    old: int
    new: int
    same_seed: bool


def pairs(old: Sequence[int], new: Sequence[int]) -> list[Pair]:
    """Pair the trainings of two revisions: those with the same seed first, then the others in their order.

    Trainings with different seeds are independent, so any pairing of them is valid, and the interval of the differences
    has the right width. Trainings without a partner are left out.
    """
    shared = [seed for seed in old if seed in set(new)]
    rest = zip(
        (place for place, seed in enumerate(old) if seed not in shared),
        (place for place, seed in enumerate(new) if seed not in shared),
        strict=False,
    )
    same = [Pair(old.index(seed), new.index(seed), same_seed=True) for seed in shared]
    return same + [Pair(first, second, same_seed=False) for first, second in rest]


def compare_predictions(
    variant: str,
    old: Mapping[int, ImageScores],
    new: Mapping[int, ImageScores],
    groups: Groups | None = None,
    *,
    metric: Metric = ACCURACY,
    labels: NDArray[np.integer] | None = None,
) -> Change:
    """Compare a variant's trainings at two revisions, image by image and seed by seed.

    ``old`` and ``new`` are, by seed, the image scores of each training, (images,), in one order. ``groups`` has the
    group of each image, and ``labels`` its true class. The interval and the test are those of a variant against a
    baseline (``hemline.comparison.statistics.table``).
    """
    chosen = pairs(list(old), list(new))
    before = np.stack([list(old.values())[pair.old] for pair in chosen])
    after = np.stack([list(new.values())[pair.new] for pair in chosen])
    decision = decision_of(metric)
    labels = np.zeros(before.shape[1], np.int64) if labels is None else labels
    row = table({"old": before, "new": after}, "old", groups=groups, labels=labels if decision.by_class else None)[1]
    gain = row.comparison
    if gain is None or row.p_value is None:
        raise ValueError("table: must compare what is no baseline")
    return Change(
        variant,
        "compared",
        old=decision.value(before, labels),
        new=decision.value(after, labels),
        trainings=len(chosen),
        other_seeds=sum(not pair.same_seed for pair in chosen),
        left_out=abs(len(old) - len(new)),
        difference=Difference(gain.gain, gain.low, gain.high, row.p_value, gain.covers_seeds),
    )


def judge(changes: Sequence[Change], margin: float | None, *, shares: bool = True) -> list[Judged]:
    """Decide for every change whether it passes.

    Without a margin, a variant fails if it is shown to be worse; Holm's method corrects the test for the number of
    variants. With a margin, a variant fails unless the whole interval lies above minus the margin, which rules out such
    a loss (a test of non-inferiority). That needs no correction: all variants must pass, and none passes more easily
    because others are tested. ``shares``: whether differences are within 1.

    Source:
        Holm (1979), as in ``hemline.comparison.statistics``; Berger (1982), Multiparameter hypothesis testing and
        acceptance sampling, Technometrics 24 (why a test that all must pass needs no correction).
    """
    adjusted = iter(adjust([change.difference.p_value for change in changes if change.difference]).tolist())
    return [
        _judged(each, each.difference, next(adjusted), margin, shares=shares) if each.difference else Judged(each)
        for each in changes
    ]


def _judged(change: Change, difference: Difference, p_value: float, margin: float | None, *, shares: bool) -> Judged:
    words: Words = verdict(difference.estimate, p_value)
    if words == "no difference shown" and shares and not tells(difference.low, difference.high):
        words = "too few to tell"
    if margin is None:
        return Judged(change, p_value, words, fails=words == "worse")
    if difference.low > -margin:
        return Judged(change, p_value, "worse, within the margin" if words == "worse" else words)
    beyond = difference.high < -margin
    told: Words = "worse by more than the margin" if beyond else "not shown to be within the margin"
    return Judged(change, p_value, told, fails=True)
