"""Which confusions of the baseline another variant resolves, and which it does not: numbers into words."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from hemline.words import isolated, listed

# Changes below this many percentage points are not worth a word.
SMALL_CHANGE = 1.0
# A sentence names this many confusions of an outcome; a table has them all.
NAMED = 4
PHRASES = {
    "resolved": "at least halves {}",
    "reduced": "reduces {}",
    "unchanged": "leaves {} as frequent, within a percentage point",
    "more frequent": "makes {} more frequent",
}


@dataclass(frozen=True)
class Confusion:
    """One true class taken for another: per cent of the true class's images, ``before`` (baseline) and ``after``."""

    true: str
    predicted: str
    before: float
    after: float

    @property
    def change(self) -> float:
        """Percentage points; below 0 is an improvement."""
        return self.after - self.before

    @property
    def outcome(self) -> str:
        """The change in words: halved or better is resolved; less than a point is none."""
        if abs(self.change) < SMALL_CHANGE:
            return "unchanged"
        if self.change > 0:
            return "more frequent"
        return "resolved" if self.after <= self.before / 2 else "reduced"


def frequent(
    before: npt.NDArray[Any], after: npt.NDArray[Any], classes: Sequence[str], number: int = 10
) -> list[Confusion]:
    """List the baseline's most frequent confusions, and what another variant makes of them.

    ``before`` and ``after`` are (classes, classes), shares of the true class, which is the row. Only confusions that
    occur are listed, the most frequent first, ties in the order of the rows.
    """
    errors = np.array(before, float)
    np.fill_diagonal(errors, 0)
    order = np.argsort(-errors, axis=None, kind="stable")[:number]
    places = [(int(place) // len(classes), int(place) % len(classes)) for place in order]
    return [
        Confusion(classes[row], classes[column], 100 * errors[row, column], 100 * float(after[row, column]))
        for row, column in places
        if errors[row, column] > 0
    ]


def in_words(confusions: Sequence[Confusion], variant: str, baseline: str) -> str:
    """Sum up in one sentence what ``frequent`` returned, by outcome; it says nothing about chance."""
    if not confusions:
        return f"{baseline} confuses no classes of these test images."
    parts = [
        phrase.format(_few([_named(each) for each in confusions if each.outcome == outcome]))
        for outcome, phrase in PHRASES.items()
        if any(each.outcome == outcome for each in confusions)
    ]
    return f"Of the most frequent confusions of {baseline}, {variant} {'; '.join(parts)}."


def _named(each: Confusion) -> str:
    return f"{isolated(each.true)} taken for {isolated(each.predicted)}"


def _few(names: list[str]) -> str:
    if len(names) > NAMED + 1:
        names = [*names[:NAMED], f"{len(names) - NAMED} others"]
    return listed(names)
