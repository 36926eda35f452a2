"""How much of a gain over a trained linear model is that model's training: what the same model, solved, has more."""

from typing import Any

import pandas as pd

from hemline.comparison.units import POINTS
from hemline.words import percent

# Of more gains, so many are named.
_NAMED = 8
_OVER_SOLVED = {"gain": "over_solved", "gain_low": "over_solved_low", "gain_high": "over_solved_high"}


def not_over_solved(comparison: pd.DataFrame) -> list[str]:
    """Return the variants that beat a trained baseline, and are not shown to beat the same linear model, solved."""
    if "over_solved_verdict" not in comparison:
        return []
    over = comparison["over_solved_verdict"]
    # The solution itself has no gain over it, where it is a variant.
    lost = (comparison["verdict"] == "better") & over.notna() & (over != "better")
    return list(comparison.loc[lost, "variant"])


def sentences(comparison: pd.DataFrame, baseline: str, linear: dict[str, str]) -> list[str]:
    """Tell for each trained linear model that is shown to be worse than solved how much of each gain over it that is.

    Args:
        comparison: a row a variant: variant, accuracy, gain, gain_low, gain_high, verdict; where the baseline is a
            trained linear model, the same over its solution: over_solved, over_solved_low, ..., over_solved_verdict.
        baseline: the variant that gains refer to.
        linear: how linear models come about, "solved" or "trained", by variant.
    """
    rows = {row["variant"]: row for row in comparison.to_dict("records")}
    if linear.get(baseline) == "solved":
        trained = [rows[name] for name, how in linear.items() if how == "trained" and rows[name]["verdict"] == "worse"]
        return [_sentence(row, comparison, linear) for row in trained]
    own = rows[baseline]
    if own.get("over_solved_verdict") == "worse":
        own = own | {gain: own[over] for gain, over in _OVER_SOLVED.items()}
        return [_sentence(own, comparison, linear)]
    return []


def _sentence(trained: dict[Any, Any], comparison: pd.DataFrame, linear: dict[str, str]) -> str:
    """Say it of one trained model, whose gain over the solved one is negative."""
    name, lack, accuracy = trained["variant"], -trained["gain"], trained["accuracy"]
    less, low, high = POINTS.losses(trained["gain"], trained["gain_low"], trained["gain_high"])
    solved, told = percent(accuracy - trained["gain"]), percent(accuracy)
    head = (
        f"Solved, the linear model is right about {solved} % of the test images, and {name}, the same model trained "
        f"for some epochs, about {told} %: {less} percentage points less (95 % interval {low} to {high})."
    )
    others = comparison[~comparison["variant"].isin(linear)]
    gains = others["accuracy"] - accuracy
    parts = [
        f"{'all' if lack >= gain else f'{percent(lack / gain, 0)} %'} of the {POINTS.gain(gain)} of {variant}"
        for variant, gain in zip(others["variant"], gains, strict=True)
        if gain > 0
    ]
    if len(parts) > _NAMED + 1:
        parts[_NAMED:] = [f"and {len(parts) - _NAMED} others likewise"]
    return f"{head} Of gains over {name}, so much is its training: {', '.join(parts)}." if parts else head
