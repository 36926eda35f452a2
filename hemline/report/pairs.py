"""All pairs of variants in words: which are shown to differ, which may be the best, and which count as the same."""

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from hemline.comparison.selection import Selection
from hemline.comparison.units import Unit
from hemline.words import listed

# The most variants that a sentence names.
_NAMED = 8
# The most pairs that fit in a table.
MOST_ROWS = 45


def sentences(
    pairs: pd.DataFrame,
    comparison: pd.DataFrame,
    selection: Selection,
    unit: Unit,
    margin: float | None = None,
) -> list[str]:
    """Say which variants may be the best, how many pairs differ, and which are the same within the margin.

    Args:
        pairs: from ``comparison.pairs.compare_pairs``; empty with one variant.
        comparison: a row a variant: variant, parameters, may_be_best.
        selection: by the validation images.
        unit: of differences.
        margin: the largest difference that does not matter, as printed; None: not set.
    """
    if len(comparison) < 3 and margin is None:  # noqa: PLR2004 - a single pair has its own row in the comparison
        return []
    shown = int(pairs["verdict"].isin(["better", "worse"]).sum())
    found = [_best(comparison), f"{shown} of {_counted(len(pairs))} {'is' if shown == 1 else 'are'} shown to differ."]
    return found if margin is None else [*found, *_same(pairs, comparison, selection, unit, margin)]


def _best(comparison: pd.DataFrame) -> str:
    names = list(comparison.loc[comparison["may_be_best"], "variant"])
    if len(names) == 1:
        return f"{names[0]} is shown to be the best: each other variant is shown to be worse than another one."
    return (
        f"Any of {_few(names)} may be the best of these variants. Each of the others is shown to be worse than another "
        "one; in 95 % of such comparisons, the best variant is among those that remain."
        if len(names) < len(comparison)
        else "Any of these variants may be the best: none is shown to be worse than another one."
    )


def _same(pairs: pd.DataFrame, comparison: pd.DataFrame, selection: Selection, unit: Unit, margin: float) -> list[str]:
    within = unit.after(f"{margin:g}")
    same = pairs[pairs["same"].astype(bool)]
    if same.empty:
        return [f"No pair is shown to be the same within {within}."]
    names = _few([f"{row['first']} and {row['second']}" for row in same.to_dict("records")], "; ")
    found = [f"The same within {within}: {names}."]
    if selection.best is not None:
        found.append(_smallest(same, comparison, selection.best, within))
    return found


def _smallest(same: pd.DataFrame, comparison: pd.DataFrame, best: str, within: str) -> str:
    others = {*same.loc[same["first"] == best, "second"], *same.loc[same["second"] == best, "first"]}
    known = comparison[comparison["variant"].isin({best, *others})].sort_values("parameters", kind="stable")
    name, parameters = known["variant"].iloc[0], int(known["parameters"].iloc[0])
    if name == best:
        return f"No smaller variant is shown to be the same as {best}, the best by validation, within {within}."
    return (
        f"The smallest variant that is shown to be the same as {best}, the best by validation, within {within} is "
        f"{name}, with {parameters:,} parameters."
    )


def rows(pairs: pd.DataFrame, unit: Unit) -> list[dict[str, str]]:
    """Return the pairs as printed (first, second, difference, p, found); none if there are too many."""
    if len(pairs) > MOST_ROWS:
        return []
    return [_printed(row, unit) for row in pairs.to_dict("records")]


def _printed(row: Mapping[Any, Any], unit: Unit) -> dict[str, str]:
    difference, low, high, low_90, high_90 = (
        unit.gain(row[key]) for key in ("difference", "low", "high", "low_90", "high_90")
    )
    same = row["same"] is True or row["same"] == "True"
    return {
        "first": row["first"],
        "second": row["second"],
        "difference": f"{difference} [{low}, {high}]",
        "inner": f"[{low_90}, {high_90}]",
        "p": f"{row['p_holm']:.3f}" if row["p_holm"] >= 0.001 else "< 0.001",  # noqa: PLR2004 - digits
        "found": "; ".join([row["verdict"], *(["the same within the margin"] if same else [])]),
    }


def _counted(pairs: int) -> str:
    return f"{pairs:,} pair{'' if pairs == 1 else 's'}"


def _few(names: Sequence[str], separator: str = "") -> str:
    named = [*names] if len(names) <= _NAMED + 1 else [*names[:_NAMED], f"{len(names) - _NAMED} others"]
    return separator.join(named) if separator else listed(named)
