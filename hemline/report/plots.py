"""Matplotlib figures from arrays and tables, without files or pyplot's global state.

Colours are Okabe and Ito's, which colour-blind readers can tell apart; a shape or a sign repeats the meaning of each
colour. Accuracies are passed as fractions; differences are drawn in percentage points.
"""

import io
import itertools
import math
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from typing import Any

import matplotlib as mpl
import numpy as np
import numpy.typing as npt
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colorbar import Colorbar
from matplotlib.colors import Normalize, PowerNorm, TwoSlopeNorm
from matplotlib.figure import Figure
from matplotlib.image import AxesImage
from matplotlib.ticker import MaxNLocator, NullFormatter
from PIL import Image

from hemline.comparison.confusion import row_shares
from hemline.comparison.units import POINTS, Unit
from hemline.data.pixels import BYTES, Pixels
from hemline.data.scaling import to_screen
from hemline.report.excerpt import excerpt
from hemline.report.labels import FONT, SHORT, class_labels, variant_labels
from hemline.words import signed

Array = npt.NDArray[Any]

INK = "#1b1f24"
MUTED = "#667078"
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9")
# Dashes and gaps in multiples of the line width. With the colours, they give 42 styles.
LINES = ("-", "--", ":", "-.", (0, (8, 2)), (0, (1, 4)), (0, (6, 2, 1, 2, 1, 2)))
# Colour and marker of each verdict that `evaluate` writes.
VERDICTS = {
    "better": ("#0072B2", ">"),
    "worse": ("#D55E00", "<"),
    "no difference shown": (MUTED, "o"),
    "too few to tell": (MUTED, "o"),
}

# The ratio of the largest to the smallest loss from which the scale is logarithmic: a linear one would show one curve.
LOG_RATIO = 30
# The most epochs with marked points: more would merge into a thick line.
MARKED_EPOCHS = 12
# The most classes with cells large enough for comfortable numbers.
FEW_CLASSES = 12
OTHERS = "all others"
# Cells above this share of the colour scale are dark, and have white numbers.
DARK = 0.6
COLOUR_DIMENSIONS = 3
BAR_STEPS = 256
# Two for each of the 96 CSS pixels per inch: sharp on current screens and on paper.
RESOLUTION = 192
# Larger figures, in square inches, have a lower resolution, to limit the size of the page.
LARGE = 80
LARGE_RESOLUTION = 120

_STYLE: dict[str, Any] = {
    # No fallback font of the machine: letters that this font lacks are not drawn.
    "font.family": [FONT],
    "font.size": 10,
    "text.color": INK,
    "axes.edgecolor": MUTED,
    "axes.labelcolor": INK,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.titlesize": 10.5,
    "axes.titlelocation": "left",
    "xtick.color": INK,
    "ytick.color": INK,
    "figure.constrained_layout.use": True,
    # A dollar sign in a class name is a dollar sign.
    "text.parse_math": False,
}


def gain_figure(comparison: pd.DataFrame, baseline: str, words: str = "accuracy", unit: Unit = POINTS) -> Figure:
    """Draw each variant's gain over the baseline with its interval, one row a variant (a forest plot).

    ``comparison`` has ``variant``, ``gain``, ``gain_low``, ``gain_high`` (fractions), ``verdict`` and ``so_far``; the
    baseline's own row is left out. The figure is in ``unit``, of the metric that ``words`` name.
    """
    rows = comparison[comparison["variant"] != baseline]
    labels = variant_labels(list(comparison["variant"]))
    # 0.085 inches for each letter of a long name.
    further = 0.085 * max(0, max(map(len, labels.values())) - SHORT)
    with style():
        figure = Figure(figsize=(9.6 + further, 1.25 + 0.42 * max(len(rows), 1)))
        axes = figure.subplots()
        axes.axvline(0, color=INK, linewidth=1)
        for place, row in enumerate(rows.to_dict("records")):
            _draw_gain(axes, place, row, unit)
        axes.set_yticks(range(len(rows)), [labels[name] for name in rows["variant"]])
        axes.set_ylim(len(rows) - 0.4, -0.6)
        axes.tick_params(axis="y", length=0)
        axes.spines["left"].set_visible(False)
        axes.grid(axis="x", color="#e3e6e8", linewidth=0.8)
        axes.set_axisbelow(True)
        name = f", {unit.name}" if unit.name else ""
        axes.set_xlabel(f"gain in test {words} over {labels[baseline]}{name} (95 % interval)")
    return figure


def _draw_gain(axes: Axes, place: int, row: dict[Any, Any], unit: Unit) -> None:
    gain, low, high = (unit.factor * float(row[key]) for key in ("gain", "gain_low", "gain_high"))
    texts = unit.ends(row)
    colour, marker = VERDICTS[row["verdict"]]
    so_far = " so far" if row["so_far"] else ""
    label = f"{texts[0]}  [{texts[1]}, {texts[2]}]  {row['verdict']}{so_far}"
    if row["verdict"] == "too few to tell":
        # Its interval would fill the axes and squeeze the others.
        label = "too few seeds or images to tell"
    else:
        axes.plot([low, high], [place, place], color=colour, linewidth=2.4, solid_capstyle="butt")
    axes.plot([gain], [place], color=colour, marker=marker, markersize=8)
    # Right of the axes, so that no label can cover an interval.
    axes.text(1.02, place, label, transform=axes.get_yaxis_transform(), va="center", color=colour)


def curves_figure(history: pd.DataFrame, baseline: str) -> Figure:
    """Draw loss and accuracy per epoch, for training and validation: the mean over seeds, in the band of all seeds.

    ``history`` has ``variant``, ``seed``, ``epoch`` (from 1), ``loss``, ``accuracy``, ``val_loss``, ``val_accuracy``;
    the last two are NaN without validation images, and there is then no second column. The baseline is black.
    """
    prefixes = ["", "val_"] if history["val_loss"].notna().any() else [""]
    labels = list(variant_labels(list(dict.fromkeys(history["variant"]))).values())
    width = 5.2 * max(len(prefixes), 1.3)
    columns = _legend_columns(labels, width)
    lines = max(len(labels) // 5, math.ceil(len(labels) / columns) - 1)
    with style():
        figure = Figure(figsize=(width, 6.4 + 0.2 * lines))
        grid = figure.subplots(2, len(prefixes), sharex=True, sharey="row", squeeze=False)
        for row, measure in enumerate(("loss", "accuracy")):
            for column, prefix in enumerate(prefixes):
                title = f"{'validation' if prefix else 'training'} {measure}"
                _draw_curves(grid[row, column], history, prefix + measure, baseline, title)
            _use_log_where_needed(grid[row, 0], history, [prefix + measure for prefix in prefixes])
        for axes in grid[-1]:
            axes.set_xlabel("epoch")
        figure.legend(*grid[0, 0].get_legend_handles_labels(), loc="outside lower center", ncols=columns, frameon=False)
    return figure


def _legend_columns(labels: Sequence[str], width: float) -> int:
    """Fit as many columns as the longest label allows, and fill the rows evenly."""
    # Inches of a label in this font size: 0.09 a character, 0.7 for line and gap.
    fitting = max(1, int(width / (0.7 + 0.09 * max(map(len, labels)))))
    return math.ceil(len(labels) / math.ceil(len(labels) / fitting))


def _draw_curves(axes: Axes, history: pd.DataFrame, measure: str, baseline: str, title: str) -> None:
    """Draw one panel: a line a variant."""
    epochs = int(history["epoch"].max())
    labels = variant_labels(list(dict.fromkeys(history["variant"])))
    looks = _looks(list(labels), baseline)
    for place, (variant, look) in enumerate(looks.items()):
        own = history[history["variant"] == variant].groupby("epoch")[measure]
        mean, low, high = own.mean(), own.min(), own.max()
        label = labels[variant]
        if epochs == 1:
            # One epoch has no line and no band: bars next to each other span the seeds.
            here = 1 + 0.6 * ((place + 0.5) / len(looks) - 0.5)
            spread = [mean - low, high - mean]
            axes.errorbar([here], mean, yerr=spread, fmt="o", color=look["color"], capsize=3, label=label)
        else:
            axes.fill_between(mean.index, low, high, color=look["color"], alpha=0.15, linewidth=0)
            marker = "o" if epochs <= MARKED_EPOCHS else ""
            axes.plot(mean.index, mean, label=label, marker=marker, markersize=3.5, **look)
    axes.set_title(title)
    axes.grid(color="#e3e6e8", linewidth=0.8)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
    if epochs == 1:
        axes.set_xlim(0.5, 1.5)
        axes.set_xticks([1])


def _looks(variants: Sequence[str], baseline: str) -> dict[str, dict[str, Any]]:
    """Give each variant its own colour and line style, as far as possible, and black to the baseline."""
    pairs = itertools.cycle((colour, line) for line in LINES for colour in COLOURS)
    looks: dict[str, dict[str, Any]] = {}
    for variant in variants:
        colour, line = (INK, "-") if variant == baseline else next(pairs)
        looks[variant] = {"color": colour, "linestyle": line, "linewidth": 2.2 if variant == baseline else 1.6}
    return looks


def _use_log_where_needed(axes: Axes, history: pd.DataFrame, measures: list[str]) -> None:
    values = history[measures].to_numpy(float)
    positive = values[np.isfinite(values) & (values > 0)]
    if measures[0] == "loss" and positive.size and positive.max() > LOG_RATIO * positive.min():
        axes.set_yscale("log")
        axes.yaxis.set_major_formatter("{x:g}")
        axes.yaxis.set_minor_formatter(NullFormatter())


def confusion_figure(counts: Array, classes: Sequence[str], shown: Sequence[int] | None = None) -> Figure:
    """Draw a confusion matrix: colours are shares of the true class (its row), numbers are counts.

    ``counts`` is (classes, classes), rows are the true classes. ``shown`` are numbers of the classes to draw,
    ascending; the others share a column. None: all of them.
    """
    shown = range(len(classes)) if shown is None else shown
    percents = excerpt(100 * row_shares(counts), shown)
    texts = [[f"{int(count)}" if count else "" for count in row] for row in excerpt(counts, shown)]
    with style():
        figure, axes = _matrix_axes(classes, shown)
        # The square root makes confusions of a few per cent visible.
        norm = PowerNorm(0.5, 0, 100)
        image = axes.imshow(percents, cmap="Blues", norm=norm, interpolation="nearest")
        _number_cells(axes, texts, np.asarray(norm(percents)) > DARK)
        add_bar(figure, axes, image, "per cent of the true class")
    return figure


def difference_figure(difference: Array, classes: Sequence[str], shown: Sequence[int] | None = None) -> Figure:
    """Draw in percentage points how a variant's row-normalised confusion matrix differs from the baseline's.

    ``difference`` is (classes, classes), fractions of the true class; above 0 if the variant predicts so more often.
    Colours are centred on 0. ``shown`` as in ``confusion_figure``.
    """
    shown = range(len(classes)) if shown is None else shown
    points = excerpt(100 * np.asarray(difference, float), shown)
    # At least one point, so that rounding does not get strong colours.
    limit = max(1.0, float(np.abs(points).max(initial=0)))
    texts = [[signed(value, 1) if round(value, 1) else "" for value in row] for row in points]
    with style():
        figure, axes = _matrix_axes(classes, shown)
        image = axes.imshow(points, cmap="PuOr", norm=TwoSlopeNorm(0, -limit, limit), interpolation="nearest")
        _number_cells(axes, texts, np.abs(points) > DARK * limit)
        add_bar(figure, axes, image, "percentage points")
    return figure


def _matrix_axes(classes: Sequence[str], shown: Sequence[int]) -> tuple[Figure, Axes]:
    """Return the figure and axes of a matrix; many classes have smaller cells, with legible names."""
    every = class_labels(classes)
    rows = [every[number] for number in shown]
    columns = rows if len(rows) == len(every) else [*rows, OTHERS]
    cell = max(0.5, 2.4 / len(rows)) if len(rows) <= FEW_CLASSES else 0.36
    # The constant parts hold the names, and the colour bar above.
    figure = Figure(figsize=(cell * len(columns) + 1.5, cell * len(rows) + 2.1))
    axes = figure.subplots()
    font = min(9.5, 72 * cell * 0.85)
    axes.set_xticks(range(len(columns)), columns, rotation=45, ha="right", rotation_mode="anchor", fontsize=font)
    axes.set_yticks(range(len(rows)), rows, fontsize=font)
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)
    axes.set_xlabel("predicted class")
    axes.set_ylabel("true class")
    if columns != rows:
        axes.set_title(f"{len(rows)} of {len(every):,} classes: those most often taken for one another")
        axes.axvline(len(rows) - 0.5, color="white", linewidth=2)
    return figure, axes


def _number_cells(axes: Axes, texts: list[list[str]], dark: Array) -> None:
    font = 8.5 if len(texts) <= FEW_CLASSES else 6.5
    for row, column, text in _cells(texts):
        colour = "white" if dark[row, column] else INK
        number = axes.text(column, row, text, ha="center", va="center", fontsize=font, color=colour)
        # Numbers lie inside their cells; measuring them would take most of the time of the layout.
        number.set_in_layout(False)


def _cells(texts: list[list[str]]) -> Iterator[tuple[int, int, str]]:
    for row, line in enumerate(texts):
        for column, text in enumerate(line):
            if text:
                yield row, column, text


def add_bar(figure: Figure, axes: Axes, image: AxesImage, label: str) -> None:
    """Add a colour bar to a matrix.

    Args:
        figure: the figure with both.
        axes: the axes of the matrix.
        image: the matrix.
        label: the meaning of the colours.
    """
    # Above the matrix: it is read first there, and fits narrow windows.
    bar = figure.colorbar(image, ax=axes, location="top", shrink=0.7, aspect=30, pad=0.02, anchor=(0, 0))
    bar.outline.set_visible(False)
    bar.set_label(label, loc="left", labelpad=6)
    bar.ax.xaxis.set_major_locator(MaxNLocator("auto", steps=[1, 2, 5, 10]))


def pixel_range_figure(raw: Array, scale: float, pixels: Pixels = BYTES) -> Figure:
    """Draw one image twice, with a bar for the range of its pixels: as stored, and divided by ``scale``.

    ``raw`` is (height, width[, channels]); the bar of a colour image has a column for each of red, green and blue.
    """
    colour = raw.ndim == COLOUR_DIMENSIONS and raw.shape[-1] >= COLOUR_DIMENSIONS
    shown = raw[..., :3] if colour else raw.reshape(raw.shape[0], raw.shape[1], -1)[..., 0]
    with style():
        figure = Figure(figsize=(8.2, 3.5))
        left, right = figure.subplots(1, 2)
        for axes, divisor, title in ((left, 1.0, "as stored"), (right, scale, f"divided by {scale:g}")):
            # Grey levels are the divided pixels; matplotlib accepts colours from 0 to 255 only.
            levels = to_screen(shown, pixels) if colour else shown / divisor
            image = axes.imshow(levels, cmap="gray", interpolation="nearest")
            image.set_norm(Normalize(pixels.lowest / divisor, pixels.highest / divisor))
            bar = figure.colorbar(image, ax=axes, shrink=0.9, aspect=10 if colour else 20)
            if colour:
                _fill_with_channels(bar)
            axes.set_title(f"{title}: {raw.min() / divisor:.4g} to {raw.max() / divisor:.4g}")
            height, width = shown.shape[:2]
            for axis, side in ((axes.xaxis, width), (axes.yaxis, height)):
                # The shorter side of an image has fewer ticks.
                ticks = max(1, round(6 * side / max(height, width)))
                axis.set_major_locator(MaxNLocator(ticks, integer=True, min_n_ticks=1))
    return figure


def _fill_with_channels(bar: Colorbar) -> None:
    """Draw red, green and blue from none to full over the colours of a bar."""
    ramps = np.linspace(0, 1, BAR_STEPS)[:, None, None] * np.eye(3)
    low, high = bar.ax.get_ylim()
    bar.ax.imshow(ramps, extent=(0, 1, low, high), origin="lower", aspect="auto", zorder=2)
    bar.ax.set_xticks([1 / 6, 1 / 2, 5 / 6], ["R", "G", "B"])
    bar.ax.tick_params(axis="x", length=0)


def png(figure: Figure, *, photograph: bool = False) -> bytes:
    """Render a figure as a PNG file, always with the same bytes; a palette of 256 colours saves two thirds of them.

    A photograph keeps all colours.
    """
    resolution = RESOLUTION if figure.get_figwidth() * figure.get_figheight() < LARGE else LARGE_RESOLUTION
    figure.set_dpi(resolution)
    # Figure.savefig would draw everything twice.
    canvas: Any = FigureCanvasAgg(figure)
    with style():
        canvas.draw()
    pixels = Image.fromarray(np.asarray(canvas.buffer_rgba())[..., :3])
    if not photograph:
        pixels = pixels.quantize(256, Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE)
    buffer = io.BytesIO()
    pixels.save(buffer, "png", dpi=(resolution, resolution))
    return buffer.getvalue()


def style() -> AbstractContextManager[None]:
    """Apply the project's style instead of the user's matplotlibrc, for the same bytes on every machine."""
    defaults: dict[Any, Any] = {key: value for key, value in mpl.rcParamsDefault.items() if "backend" not in key}
    return mpl.rc_context(defaults | _STYLE)
