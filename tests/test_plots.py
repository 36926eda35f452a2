"""Figures are judged by what they hold: the lines, labels, limits and texts that a reader would see."""

import io
from typing import Any

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure
from PIL import Image

from hemline.report import plots

# Of each letter that its font lacks, matplotlib warns, and draws a box.
pytestmark = pytest.mark.filterwarnings("error:Glyph")

CLASSES = ["cat", "dog", "eel"]


def comparison(*verdicts: str) -> pd.DataFrame:
    gains = {"better": 0.03, "worse": -0.02, "no difference shown": 0.001}
    rows: list[dict[str, Any]] = [{"variant": "linear", "verdict": "baseline", "so_far": False}]
    for place, verdict in enumerate(verdicts):
        gain = gains[verdict]
        rows.append({"variant": f"dense-{place}", "verdict": verdict, "so_far": False, "gain": gain})
        rows[-1] |= {"gain_low": gain - 0.01, "gain_high": gain + 0.01}
    return pd.DataFrame(rows)


def history(variants: int = 2, seeds: int = 2, epochs: int = 3, *, validation: bool = True) -> pd.DataFrame:
    rows = [
        {"variant": f"v{variant}", "seed": seed, "epoch": epoch, "loss": 1 / epoch + seed, "accuracy": 0.5}
        for variant in range(variants)
        for seed in range(seeds)
        for epoch in range(1, epochs + 1)
    ]
    table = pd.DataFrame(rows)
    return table.assign(val_loss=table["loss"] if validation else np.nan, val_accuracy=0.4 if validation else np.nan)


def texts(figure: Figure) -> list[str]:
    return [text.get_text() for axes in figure.axes for text in axes.texts]


def tick_labels(figure: Figure) -> list[str]:
    return [label.get_text() for label in figure.axes[0].get_yticklabels()]


def test_gains_are_drawn_in_percentage_points_with_their_interval() -> None:
    figure = plots.gain_figure(comparison("better"), "linear")
    interval = figure.axes[0].lines[1]
    assert list(interval.get_xdata()) == pytest.approx([2, 4])
    assert texts(figure) == ["+3.00  [+2.00, +4.00]  better"]


def test_a_curve_is_the_mean_over_the_seeds() -> None:
    figure = plots.curves_figure(history(variants=1), "v0")
    assert list(figure.axes[0].lines[0].get_ydata()) == pytest.approx([1.5, 1.0, 1 / 3 + 0.5])


def test_without_validation_there_is_no_empty_panel() -> None:
    titles = [axes.get_title(loc="left") for axes in plots.curves_figure(history(validation=False), "v0").axes]
    assert titles == ["training loss", "training accuracy"]


def test_one_epoch_is_drawn_as_points_beside_each_other() -> None:
    axes = plots.curves_figure(history(variants=3, epochs=1), "v0").axes[0]
    places = [float(container.lines[0].get_xdata()[0]) for container in axes.containers]
    assert len(set(places)) == 3
    assert list(axes.get_xticks()) == [1]


def test_losses_of_very_different_size_get_a_log_scale() -> None:
    table = history()
    assert plots.curves_figure(table, "v0").axes[0].get_yscale() == "linear"
    table.loc[0, "loss"] = 500
    axes = plots.curves_figure(table, "v0").axes[0]
    assert axes.get_yscale() == "log"
    assert axes.yaxis.get_major_formatter()(0.1) == "0.1"


def test_confusions_are_coloured_by_share_and_numbered_by_count() -> None:
    figure = plots.confusion_figure(np.array([[8, 2, 0], [0, 5, 0], [0, 0, 1]]), CLASSES)
    assert texts(figure) == ["8", "2", "5", "1"]
    assert figure.axes[0].images[0].get_array()[0].tolist() == pytest.approx([80, 20, 0])
    assert tick_labels(figure) == CLASSES


def test_differences_are_points_and_their_colours_are_centred_on_nothing() -> None:
    figure = plots.difference_figure(np.array([[0.05, -0.05, 0], [0, 0, 0], [0, -0.2, 0.2]]), CLASSES)
    assert texts(figure) == ["+5.0", "\N{MINUS SIGN}5.0", "\N{MINUS SIGN}20.0", "+20.0"]
    low, high = figure.axes[0].images[0].get_clim()
    assert (low, high) == pytest.approx((-20, 20))


@pytest.mark.parametrize("size", [2, 10, 20])
def test_the_colour_bar_stands_above_its_matrix_and_inside_the_figure(size: int) -> None:
    names = ["a rather long name of 22", *(f"class {place}" for place in range(1, size))]
    for figure in (
        plots.confusion_figure(np.eye(size, dtype=int), names),
        plots.difference_figure(np.eye(size), names),
    ):
        plots.png(figure)
        axes, bar = figure.axes
        assert bar.get_window_extent().y0 > axes.get_window_extent().y1
        assert bar.get_window_extent().x0 == pytest.approx(axes.get_window_extent().x0, abs=2)
        around = bar.get_tightbbox()
        assert around is not None
        assert figure.bbox.x0 <= around.x0 < around.x1 <= figure.bbox.x1
        assert around.y1 <= figure.bbox.y1


def test_a_class_that_the_font_cannot_write_is_drawn_with_its_number_and_no_box() -> None:
    figure = plots.confusion_figure(np.eye(4, dtype=int), ["猫", "قطة", "Кошка", "हिन्दी"])
    assert tick_labels(figure) == ["#0", "قطة", "Кошка", "#3"]
    plots.png(figure)


def test_of_many_classes_some_are_drawn_and_a_column_adds_up_the_others() -> None:
    counts = np.zeros((50, 50), int)
    counts[3, [3, 7, 8, 9]] = 5, 1, 2, 2
    counts[7, [7, 3]] = 9, 1
    figure = plots.confusion_figure(counts, [f"class {number}" for number in range(50)], [3, 7])
    assert tick_labels(figure) == ["class 3", "class 7"]
    assert [label.get_text() for label in figure.axes[0].get_xticklabels()] == ["class 3", "class 7", "all others"]
    assert texts(figure) == ["5", "1", "4", "1", "9"]
    np.testing.assert_allclose(figure.axes[0].images[0].get_array(), [[50, 10, 40], [10, 90, 0]])
    assert figure.axes[0].get_title(loc="left") == "2 of 50 classes: those most often taken for one another"


def test_variants_whose_long_names_differ_in_the_middle_can_be_told_apart() -> None:
    names = [f"{'a' * 30}{number}{'a' * 30}" for number in range(3)]
    table = history(variants=3).replace({f"v{number}": name for number, name in enumerate(names)})
    (legend,) = plots.curves_figure(table, names[0]).legends
    assert len({text.get_text() for text in legend.get_texts()}) == 3
    gains = comparison("better", "worse").replace({f"dense-{number}": name for number, name in enumerate(names[:2])})
    assert len(set(tick_labels(plots.gain_figure(gains, "linear")))) == 2


def test_a_dollar_sign_in_a_class_name_starts_no_formula() -> None:
    plots.png(plots.confusion_figure(np.eye(2, dtype=int), ["$\\undefined$", "5 $"]))


@pytest.mark.parametrize("shape", [(8, 8), (8, 8, 1), (64, 64, 3)])
def test_the_pixel_range_is_told_before_and_after_scaling(shape: tuple[int, ...]) -> None:
    raw = np.full(shape, 51, np.uint8)
    raw[0, 0] = 255
    titles = [axes.get_title(loc="left") for axes in plots.pixel_range_figure(raw, 255).axes[:2]]
    assert titles == ["as stored: 51 to 255", "divided by 255: 0.2 to 1"]


def test_the_bar_of_a_colour_image_shows_its_channels_and_that_of_a_grey_one_greys() -> None:
    figure = plots.pixel_range_figure(np.zeros((8, 8, 3), np.uint8), 255)
    for bar, highest in zip(figure.axes[2:], (255, 1), strict=True):
        (ramps,) = bar.images
        colours = np.asarray(ramps.get_array())
        assert colours[-1].tolist() == [[1, 0, 0], [0, 1, 0], [0, 0, 1]]
        assert not colours[0].any()
        assert bar.get_ylim() == (0, highest)
        assert [label.get_text() for label in bar.get_xticklabels()] == ["R", "G", "B"]
    assert [len(bar.images) for bar in plots.pixel_range_figure(np.zeros((8, 8), np.uint8), 255).axes[2:]] == [0, 0]


@pytest.mark.parametrize("shape", [(1, 1), (40, 200), (200, 40)])
def test_pixels_are_counted_in_whole_numbers_whatever_the_shape(shape: tuple[int, ...]) -> None:
    figure = plots.pixel_range_figure(np.zeros(shape, np.uint8), 255)
    plots.png(figure)
    for axis, side in zip((figure.axes[0].yaxis, figure.axes[0].xaxis), shape, strict=True):
        places = axis.get_ticklocs()
        assert all(place == round(place) for place in places)
        assert len(places) <= 3 + 6 * side / max(shape)


def test_a_very_large_figure_is_less_fine() -> None:
    few, many = (comparison(*["better"] * number) for number in (2, 40))
    widths = [Image.open(io.BytesIO(plots.png(plots.gain_figure(table, "linear")))).width for table in (few, many)]
    assert widths[0] > 1.5 * widths[1]


def test_a_figure_has_the_same_bytes_each_time_and_no_stamps() -> None:
    first, second = (plots.png(plots.gain_figure(comparison("better"), "linear")) for _ in range(2))
    assert first == second
    assert set(Image.open(io.BytesIO(first)).info) == {"dpi"}


def test_the_readers_own_matplotlib_settings_change_nothing() -> None:
    plain = plots.png(plots.curves_figure(history(), "v0"))
    with mpl.rc_context({"font.size": 30, "axes.facecolor": "red", "savefig.bbox": "tight"}):
        assert plots.png(plots.curves_figure(history(), "v0")) == plain
        assert mpl.rcParams["font.size"] == 30
