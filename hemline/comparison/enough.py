"""How much evidence is enough to say anything: numbers of seeds, and widths of intervals.

Apart from the statistics themselves, because the report, which only reads their results, starts a second sooner without
SciPy and statsmodels.
"""

# From so many trainings on, the t interval holds what it says; see docs/STATISTICS.md.
ENOUGH_SEEDS = 4
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


def tells(low: float, high: float, possible: float = 2.0) -> bool:
    """Say whether an interval is narrow enough to say anything: less than half of what is possible.

    Args:
        low: its lower end.
        high: its upper end.
        possible: the width of what is possible: 2 for a gain in accuracy, 1 for an accuracy.
    """
    return high - low < _TELLING_SHARE * possible
