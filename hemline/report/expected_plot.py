"""The figure of the expected best validation score against the number of trials."""

from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from hemline.report.labels import variant_labels
from hemline.report.plots import COLOURS, MUTED, style


def expected_figure(curves: dict[str, list[tuple[float, float, float]]], heading: str) -> Figure:
    """Draw a line with a band for each variant.

    Args:
        curves: by variant, for 1, 2, ... trials: the expected best score and the ends of its interval.
        heading: of the vertical axis.
    """
    labels = variant_labels(list(curves))
    with style():
        figure = Figure(figsize=(9.6, 4.2))
        axes = figure.subplots()
        ends = _spread({name: points[-1][0] for name, points in curves.items()})
        for place, (name, points) in enumerate(curves.items()):
            colour = COLOURS[place] if place < len(COLOURS) else MUTED
            numbers = range(1, len(points) + 1)
            means, lows, highs = zip(*points, strict=True)
            axes.plot(numbers, means, color=colour, marker="o", markersize=3, linewidth=1.6)
            axes.fill_between(numbers, lows, highs, color=colour, alpha=0.1, linewidth=0)
            axes.annotate(
                labels[name],
                (numbers[-1], means[-1]),
                (1.01, ends[name]),
                textcoords=axes.get_yaxis_transform(),
                va="center",
                color=colour,
                fontsize=9,
            )
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        axes.set_xlabel("trials")
        axes.set_ylabel(heading)
        axes.grid(color="#e3e6e8", linewidth=0.8)
        axes.set_axisbelow(True)
        axes.set_xlim(1, None)
    return figure


def _spread(values: dict[str, float]) -> dict[str, float]:
    """Return heights of names at least a fifteenth of the range apart, in the order of the values."""
    ordered = sorted(values, key=lambda name: values[name])
    gap = (max(values.values()) - min(values.values())) / 15
    heights: dict[str, float] = {}
    for place, name in enumerate(ordered):
        heights[name] = max(values[name], heights[ordered[place - 1]] + gap) if place else values[name]
    return heights
