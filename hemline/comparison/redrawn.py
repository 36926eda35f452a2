"""The comparison of variants over redrawn test sets."""

from collections.abc import Mapping
from typing import NamedTuple

from numpy.typing import ArrayLike

from hemline.comparison.resampled import resampled
from hemline.comparison.statistics import Verdict, adjust, verdict


class Redrawn(NamedTuple):
    """A variant's gain over redrawn test sets, with its 95 % interval; the p-value is adjusted by Holm's method."""

    variant: str
    gain: float
    gain_low: float
    gain_high: float
    p_holm: float
    verdict: Verdict


def compare_redrawn(gains: Mapping[str, ArrayLike], held_to_train: float) -> list[Redrawn]:
    """Compare each variant with the baseline over redrawn test sets.

    Args:
        gains: by variant, (redraws,), at least two: its gain on each test set.
        held_to_train: the number of test images by that of the others.
    """
    found = {name: resampled(values, held_to_train) for name, values in gains.items()}
    adjusted = adjust([each.p_value for each in found.values()]).tolist()
    return [
        Redrawn(name, each.mean, each.low, each.high, p_value, verdict(each.mean, p_value))
        for (name, each), p_value in zip(found.items(), adjusted, strict=True)
    ]
