"""The figure of all pairs of variants: a matrix of differences."""

from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.colors import TwoSlopeNorm
from matplotlib.figure import Figure

from hemline.comparison.units import POINTS, Unit
from hemline.report.labels import variant_labels
from hemline.report.plots import DARK, INK, add_bar, style
from hemline.words import signed

# The most variants for which a cell has room for its number.
NUMBERED = 12
_CELL, _SMALL_CELL = 0.62, 0.27  # inches
_LETTER = 0.085


def pairs_figure(pairs: pd.DataFrame, unit: Unit = POINTS) -> Figure:
    """Draw the difference of each pair of variants, row minus column, marked with a dot or bold digits if shown.

    ``pairs`` has a row a pair: first, second, difference (a fraction), verdict. Variants are drawn in its order.
    """
    variants = list(dict.fromkeys([*pairs["first"], *pairs["second"]]))
    values, shown = _matrices(pairs, variants)
    values *= unit.factor
    labels = list(variant_labels(variants).values())
    numbered = len(labels) <= NUMBERED
    limit = float(np.nanmax(np.abs(values))) or 1.0
    side = (_CELL if numbered else _SMALL_CELL) * len(labels) + _LETTER * max(map(len, labels))
    with style():
        figure = Figure(figsize=(side + 0.6, side + 1.2))
        axes = figure.subplots()
        image = axes.imshow(values, cmap="PuOr", norm=TwoSlopeNorm(0, -limit, limit), interpolation="nearest")
        axes.set_xticks(range(len(labels)), labels, rotation=45, ha="right", rotation_mode="anchor")
        axes.set_yticks(range(len(labels)), labels)
        axes.tick_params(length=0, labelsize=9.5 if numbered else 7.5)
        axes.spines[:].set_visible(False)
        digits = unit.digits if numbered else None
        _mark_cells(axes, values, shown, dark=np.abs(values) > DARK * limit, digits=digits)
        add_bar(figure, axes, image, f"row minus column{f', {unit.name}' if unit.name else ''}")
    return figure


def _matrices(pairs: pd.DataFrame, variants: list[str]) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.bool_]]:
    """Return the differences, NaN on the diagonal, and a mask of those that are shown."""
    values = np.full((len(variants), len(variants)), np.nan)
    shown = np.zeros(values.shape, np.bool_)
    for pair in pairs.to_dict("records"):
        row, column = variants.index(pair["first"]), variants.index(pair["second"])
        values[row, column], values[column, row] = pair["difference"], -pair["difference"]
        shown[row, column] = shown[column, row] = pair["verdict"] in {"better", "worse"}
    return values, shown


def _mark_cells(
    axes: Axes,
    values: npt.NDArray[Any],
    shown: npt.NDArray[np.bool_],
    *,
    dark: npt.NDArray[np.bool_],
    digits: int | None,
) -> None:
    """Write the numbers into the cells, bold if shown; without digits, mark shown cells with a dot."""
    for row, column in np.argwhere(np.isfinite(values)).tolist():
        sure = shown[row, column]
        text = ("•" if sure else "") if digits is None else signed(values[row, column], digits)
        look: dict[str, Any] = {
            "color": "white" if dark[row, column] else INK,
            "fontweight": "bold" if sure else "normal",
        }
        number = axes.text(column, row, text, ha="center", va="center", fontsize=8.5, **look)
        # Numbers lie inside their cells; measuring them would dominate the layout time.
        number.set_in_layout(False)
