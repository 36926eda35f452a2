"""The least evidence for a statement: numbers of seeds, and widths of intervals.

Separate from the statistics, because the report only reads their results, and starts a second sooner without SciPy and
statsmodels.
"""

from hemline.comparison.units import POINTS, Unit

# The fewest trainings with which the t interval has its nominal coverage; see docs/STATISTICS.md.
ENOUGH_SEEDS = 4
# The probability of missing failures whose rate is ruled out.
_MISSED = 0.05
# An interval that spans half of the possible range is of no use.
_TELLING_SHARE = 0.5


def seeds_warning(seeds: int, searches: int = 1) -> str:
    """Return a warning about too few seeds, or searches; empty from four on.

    Args:
        seeds: the number of trainings of each variant.
        searches: of each variant's settings, whose number then decides.
    """
    if 1 < searches < ENOUGH_SEEDS:
        few = f"With {searches} searches of settings, only large differences can be shown"
        return f"{few}: set tuning.repeats to {ENOUGH_SEEDS} or more in params.yaml."
    if seeds >= ENOUGH_SEEDS:
        return ""
    if seeds == 1:
        return (
            "With one seed, a verdict applies to these trained models only, not to other seeds: "
            f"set {ENOUGH_SEEDS} seeds or more in params.yaml."
        )
    return f"With {seeds} seeds, only large differences can be shown: set {ENOUGH_SEEDS} or more in params.yaml."


def failures_ruled_out(seeds: int) -> str:
    """Return a sentence about the failure rates that these seeds rule out.

    If a share of trainings fails, none of S seeds does in (1 - share)^S of cases. The share at which that is 5 % is the
    upper end of the exact interval if none of S failed (Clopper and Pearson 1934, one-sided).

    Args:
        seeds: the number of trainings of each variant.
    """
    share = 1 - _MISSED ** (1 / seeds)
    trainings = "One training rules" if seeds == 1 else f"{seeds} trainings without a failure rule"
    return f"{trainings} out only failure rates above {100 * share:.0f} %."


def tells(low: float, high: float, possible: float = 2.0) -> bool:
    """Say whether an interval is informative: narrower than half of the possible range.

    Args:
        low: its lower end.
        high: its upper end.
        possible: the width of the possible range: 2 for a gain in accuracy, 1 for an accuracy.
    """
    return high - low < _TELLING_SHARE * possible


def interval(unit: Unit, gain: float, low: float, high: float) -> str:
    """Write a gain with its interval, or with a remark if the interval is not informative."""
    telling = unit is not POINTS or tells(low, high)
    return f"{unit.gain(gain)} [{f'{unit.gain(low)}, {unit.gain(high)}' if telling else 'too few to tell'}]"
