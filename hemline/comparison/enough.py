"""How much evidence is enough to say anything: numbers of seeds, and widths of intervals.

Apart from the statistics themselves, because the report, which only reads their results, starts a second sooner without
SciPy and statsmodels.
"""

from hemline.comparison.units import POINTS, Unit

# From so many trainings on, the t interval holds what it says; see docs/STATISTICS.md.
ENOUGH_SEEDS = 4
# How often failures of a frequency that is ruled out would be missed all the same.
_MISSED = 0.05
# An interval that spans half of what is possible says nothing that a reader could use.
_TELLING_SHARE = 0.5


def seeds_warning(seeds: int) -> str:
    """Return a sentence about what so few seeds cannot show; empty from four on.

    Args:
        seeds: the number of trainings of each variant.
    """
    if seeds >= ENOUGH_SEEDS:
        return ""
    if seeds == 1:
        return (
            "With one seed, a verdict is about these trained models only, not about what another seed would give: "
            f"give params.yaml {ENOUGH_SEEDS} seeds or more."
        )
    return f"With {seeds} seeds, only large differences can be shown: give params.yaml {ENOUGH_SEEDS} or more."


def failures_ruled_out(seeds: int) -> str:
    """Return a sentence about how frequent failed trainings may be that these seeds did not meet.

    If a share of the trainings fails, all S seeds are without one in (1 - share)^S of cases; the share at which that is
    5 % is the upper end of the exact interval where none of S failed (Clopper and Pearson 1934, one-sided).

    Args:
        seeds: the number of trainings of each variant.
    """
    share = 1 - _MISSED ** (1 / seeds)
    trainings = "One training rules" if seeds == 1 else f"{seeds} trainings without a failure rule"
    return f"{trainings} out only failures of more than {100 * share:.0f} % of all trainings."


def tells(low: float, high: float, possible: float = 2.0) -> bool:
    """Say whether an interval is narrow enough to say anything: less than half of what is possible.

    Args:
        low: its lower end.
        high: its upper end.
        possible: the width of what is possible: 2 for a gain in accuracy, 1 for an accuracy.
    """
    return high - low < _TELLING_SHARE * possible


def interval(unit: Unit, gain: float, low: float, high: float) -> str:
    """Write a gain with its interval, or with what stands in the place of one that says nothing."""
    telling = unit is not POINTS or tells(low, high)
    return f"{unit.gain(gain)} [{f'{unit.gain(low)}, {unit.gain(high)}' if telling else 'too few to tell'}]"
