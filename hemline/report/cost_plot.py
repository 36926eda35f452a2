"""The figure of accuracy against size: which variant gives most for its parameters."""

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from hemline.comparison.metrics import decision_of, find_metric
from hemline.comparison.units import POINTS
from hemline.report.labels import variant_labels
from hemline.report.plots import COLOURS, INK, MUTED, style

# Of more variants, only those of the front have room for their names.
_NAMED = 15


def pareto_front(costs: "pd.Series[float]", values: "pd.Series[float]") -> list[bool]:
    """Return whether no other variant is as cheap and better, or cheaper and as good.

    Args:
        costs: of each variant.
        values: of each variant, of which higher ones are better.
    """
    pairs = list(zip(costs, values, strict=True))
    return [not any((c <= cost and v > value) or (c < cost and v >= value) for c, v in pairs) for cost, value in pairs]


def cost_figure(comparison: pd.DataFrame, metric: str = "accuracy") -> Figure:
    """Draw the deciding metric on the test images, with its interval, against the number of parameters.

    ``comparison`` has ``variant``, ``parameters``, and the metric with its ends ``_low`` and ``_high``. A line joins
    the variants of the Pareto front. ``metric`` is the name in ``params.yaml``.
    """
    decision, key = decision_of(find_metric(metric)), find_metric(metric).key
    table = comparison.sort_values("parameters", kind="stable")
    factor = 100 if decision.unit is POINTS else 1
    sign = -1 if decision.is_loss else 1
    best = table[pareto_front(table["parameters"], sign * table[key])]
    labels = variant_labels(list(table["variant"]))
    with style():
        figure = Figure(figsize=(9.6, 4.2))
        axes = figure.subplots()
        axes.plot(best["parameters"], factor * best[key], color=COLOURS[0], linewidth=1.4, zorder=1)
        for place, row in enumerate(table.to_dict("records")):
            ahead = row["variant"] in set(best["variant"])
            mean, low, high = (factor * float(row[f"{key}{end}"]) for end in ("", "_low", "_high"))
            spread = [[max(mean - low, 0)], [max(high - mean, 0)]]
            colour = COLOURS[0] if ahead else MUTED
            axes.errorbar([row["parameters"]], [mean], yerr=spread, fmt="o", color=colour, capsize=3)
            if ahead or len(table) <= _NAMED:
                _name(axes, labels[row["variant"]], row["parameters"], (low, high), above=place % 2 == 0)
        axes.set_xscale("log")
        axes.xaxis.set_major_formatter("{x:,.0f}")
        axes.margins(x=0.1, y=0.12)
        axes.set_xlabel("parameters")
        axes.set_ylabel(f"test {decision.words}{', %' if factor > 1 else ''} (95 % interval)")
        axes.grid(color="#e3e6e8", linewidth=0.8)
        axes.set_axisbelow(True)
    return figure


def _name(axes: Axes, label: str, parameters: float, ends: tuple[float, float], *, above: bool) -> None:
    """Write a name above its interval or below it: neighbours take turns, so that long names have room."""
    axes.annotate(
        label,
        (parameters, ends[1] if above else ends[0]),
        (0, 4 if above else -4),
        textcoords="offset points",
        ha="center",
        va="bottom" if above else "top",
        color=INK,
        fontsize=9,
    )
