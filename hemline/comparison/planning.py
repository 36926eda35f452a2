"""The plan of a comparison: its current power, and the seeds or images needed to show a gain."""

from collections.abc import Sequence
from typing import NamedTuple

import pandas as pd

from hemline.comparison.pairs import parts_of
from hemline.comparison.power import (
    cautious_parts,
    detectable_gain,
    floor,
    images_needed,
    power,
    seeds_needed,
)
from hemline.errors import InputError


class Plan(NamedTuple):
    """The requirements for showing a gain of ``variant`` over ``other``; gains in the unit of scores."""

    variant: str
    other: str
    comparisons: int  # the number that Holm's method corrects for
    power: float  # with the current seeds and images, in [0, 1]
    seeds: int | None  # needed for a power of 80 %; None: no number is enough
    images: int | None  # likewise, or groups of images
    detectable: float  # the smallest gain that is shown in 80 % of cases
    floor: float  # likewise with any number of seeds


def plan(pairs: pd.DataFrame, baseline: str, gain: float, pair: Sequence[str] = ()) -> list[Plan]:
    """Plan for a gain of each variant over the baseline, or for the difference of a pair.

    Args:
        pairs: from ``pairs.compare_pairs``.
        baseline: the variant that the others are compared with.
        gain: the true gain to be shown, in the unit of scores.
        pair: two variants; empty: each variant and the baseline. A pair without the baseline is corrected for all
            pairs.

    Raises:
        InputError: variants were trained once only, which says nothing of other seeds; there is one variant.
    """
    asked = pairs[(pairs["first"] == baseline) | (pairs["second"] == baseline)]
    comparisons = len(asked)
    if pair:
        asked = pairs[pairs["first"].isin(pair) & pairs["second"].isin(pair)]
        comparisons = comparisons if baseline in pair else len(pairs)
    if asked.empty:
        named = " and ".join(pair) or "two variants or more"
        raise InputError(f"variants: {named} have not been compared yet; run `dvc repro`")
    if (asked["seeds"] < 2).any():  # noqa: PLR2004 - a variance needs two
        raise InputError("seeds: must be at least two, because one does not show how results vary with the seed")
    return [_plan(row, pair[0] if pair else "", baseline, gain, comparisons) for row in asked.to_dict("records")]


def _plan(row: dict, first: str, baseline: str, gain: float, comparisons: int) -> Plan:  # type: ignore[type-arg]
    names = [row["first"], row["second"]]
    variant = first or next(name for name in names if name != baseline)
    parts = cautious_parts(parts_of(row))
    return Plan(
        variant=variant,
        other=next(name for name in names if name != variant),
        comparisons=comparisons,
        power=power(parts, gain, comparisons),
        seeds=seeds_needed(parts, gain, comparisons),
        images=images_needed(parts, gain, comparisons),
        detectable=detectable_gain(parts, comparisons),
        floor=floor(parts, comparisons),
    )
