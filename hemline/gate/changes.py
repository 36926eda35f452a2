"""A variant at two revisions: its difference in accuracy, and whether that lets the change pass; pure functions."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from hemline.comparison.enough import tells
from hemline.comparison.groups import Groups
from hemline.comparison.statistics import adjust, table, verdict

Correct = NDArray[np.bool_]
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
    """The accuracy of a variant minus that which it had, in [-1, 1], with the ends of its 95 % interval.

    ``p_value`` is of the test that there is none, not adjusted. With one training, the interval does not cover seeds.
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
    kind: Kind  # what can be said of it
    old: float | None = None  # the accuracy that it had, in [0, 1]; None for a new one
    new: float | None = None  # the accuracy that it has; None for one that was removed
    trainings: int = 0  # how many of each revision are compared
    other_seeds: int = 0  # how many pairs of trainings have two seeds
    left_out: int = 0  # how many trainings of either revision found no partner
    difference: Difference | None = None  # of those that are compared


class Judged(NamedTuple):
    """A change, its p value adjusted for the number of variants, and the verdict; None where nothing was compared."""

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
    """Pair the trainings of two revisions by their seeds: those of the same seed first, then the others in their order.

    A pair of two seeds is as good as any other of these: its trainings have nothing in common, and the interval, which
    is that of the differences, is then as wide as it must be. What finds no partner is left out.
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
    variant: str, old: Mapping[int, Correct], new: Mapping[int, Correct], groups: Groups | None = None
) -> Change:
    """Compare a variant's trainings at two revisions, image by image and seed by seed.

    ``old`` and ``new`` tell, by seed, whether each training is right about each image, bool (images,), in one order;
    images that count as one have the same number in ``groups``. The interval and the test are those of a variant
    against a baseline (``hemline.comparison.statistics.table``).
    """
    chosen = pairs(list(old), list(new))
    before = np.stack([list(old.values())[pair.old] for pair in chosen])
    after = np.stack([list(new.values())[pair.new] for pair in chosen])
    row = table({"old": before, "new": after}, "old", groups=groups)[1]
    gain = row.comparison
    if gain is None or row.p_value is None:
        raise ValueError("table: must compare what is no baseline")
    return Change(
        variant,
        "compared",
        old=float(before.mean()),
        new=float(after.mean()),
        trainings=len(chosen),
        other_seeds=sum(not pair.same_seed for pair in chosen),
        left_out=abs(len(old) - len(new)),
        difference=Difference(gain.gain, gain.low, gain.high, row.p_value, gain.covers_seeds),
    )


def judge(changes: Sequence[Change], margin: float | None) -> list[Judged]:
    """Say of every change whether it passes.

    Without a margin, a variant fails that is shown to be worse: Holm's method corrects the test for the number of
    variants. With one, a share of the images, a variant fails unless the whole interval lies above minus the margin, so
    that a loss as large as that is ruled out (a test of non-inferiority). That needs no correction: all variants must
    pass, and none passes more easily because others are tested.

    Source:
        Holm (1979), as in ``hemline.comparison.statistics``; Berger (1982), Multiparameter hypothesis testing and
        acceptance sampling, Technometrics 24 (why a test that all must pass needs no correction).
    """
    adjusted = iter(adjust([change.difference.p_value for change in changes if change.difference]).tolist())
    return [
        Judged(change) if change.difference is None else _judged(change, change.difference, next(adjusted), margin)
        for change in changes
    ]


def _judged(change: Change, difference: Difference, p_value: float, margin: float | None) -> Judged:
    words: Words = verdict(difference.estimate, p_value)
    if words == "no difference shown" and not tells(difference.low, difference.high):
        words = "too few to tell"
    if margin is None:
        return Judged(change, p_value, words, fails=words == "worse")
    if difference.low > -margin:
        return Judged(change, p_value, "worse, within the margin" if words == "worse" else words)
    beyond = difference.high < -margin
    told: Words = "worse by more than the margin" if beyond else "not shown to be within the margin"
    return Judged(change, p_value, told, fails=True)
