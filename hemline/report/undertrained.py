"""The part of a gain over a trained linear model that its incomplete training explains."""

from typing import Any

import pandas as pd

from hemline.comparison.metrics import Metric, decision_of
from hemline.comparison.units import POINTS
from hemline.words import percent

# The most gains that are named.
_NAMED = 8
_OVER_SOLVED = {"gain": "over_solved", "gain_low": "over_solved_low", "gain_high": "over_solved_high"}


def not_over_solved(comparison: pd.DataFrame) -> list[str]:
    """Return the variants that beat a trained linear baseline, but are not shown to beat its solution."""
    if "over_solved_verdict" not in comparison:
        return []
    over = comparison["over_solved_verdict"]
    # The solution itself has no gain over it, where it is a variant.
    lost = (comparison["verdict"] == "better") & over.notna() & (over != "better")
    return list(comparison.loc[lost, "variant"])


def sentences(comparison: pd.DataFrame, baseline: str, linear: dict[str, str], metric: Metric) -> list[str]:
    """Say how much of each gain over a trained linear model its incomplete training explains.

    Args:
        comparison: a row a variant: variant, the deciding metric, gain, gain_low, gain_high, verdict; where the
            baseline is a trained linear model, the same over its solution: over_solved, over_solved_low, ...,
            over_solved_verdict.
        baseline: the variant that gains refer to.
        linear: by variant, whether a linear model is "solved" or "trained".
        metric: the deciding metric.
    """
    rows = {row["variant"]: row for row in comparison.to_dict("records")}
    if linear.get(baseline) == "solved":
        trained = [rows[name] for name, how in linear.items() if how == "trained" and rows[name]["verdict"] == "worse"]
        return [_sentence(row, comparison, linear, metric) for row in trained]
    own = rows[baseline]
    if own.get("over_solved_verdict") == "worse":
        own = own | {gain: own[over] for gain, over in _OVER_SOLVED.items()}
        return [_sentence(own, comparison, linear, metric)]
    return []


def _sentence(trained: dict[Any, Any], comparison: pd.DataFrame, linear: dict[str, str], metric: Metric) -> str:
    """Write the sentence on one trained model, whose gain over the solved one is negative."""
    decision = decision_of(metric)
    name, lack, own, sign = trained["variant"], -trained["gain"], trained[metric.key], -1 if decision.is_loss else 1
    less, low, high = decision.unit.losses(trained["gain"], trained["gain_low"], trained["gain_high"])
    share = " %" if decision.unit is POINTS else ""
    head = (
        f"The solved linear model has a test {decision.words} of {metric.show(own + sign * lack)}{share}; {name}, the "
        f"same model trained for some epochs, has {metric.show(own)}{share}: {decision.unit.after(less)} "
        f"{'more' if decision.is_loss else 'less'} (95 % interval {low} to {high})."
    )
    others = comparison[~comparison["variant"].isin(linear)]
    gains = sign * (others[metric.key] - own)
    parts = [
        f"{'all' if lack >= gain else f'{percent(lack / gain, 0)} %'} of the {decision.unit.gain(gain)} of {variant}"
        for variant, gain in zip(others["variant"], gains, strict=True)
        if gain > 0
    ]
    if len(parts) > _NAMED + 1:
        parts[_NAMED:] = [f"and a part of {len(parts) - _NAMED} others"]
    return f"{head} Of the gains over {name}, this explains {', '.join(parts)}." if parts else head
