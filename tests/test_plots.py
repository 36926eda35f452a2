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


def test_the_baseline_has_no_gain_of_its_own() -> None:
    assert tick_labels(plots.gain_figure(comparison("better", "worse"), "linear")) == ["dense-0", "dense-1"]


def test_what_holds_only_so_far_says_so_and_what_tells_nothing_has_no_interval() -> None:
    table = comparison("better", "no difference shown")
    table.loc[1, "so_far"] = True
    table.loc[2, "verdict"] = "too few to tell"
    table.loc[2, ["gain_low", "gain_high"]] = -1, 1
    figure = plots.gain_figure(table, "linear")
    held, untold = texts(figure)
    assert held.endswith("better so far")
    assert untold == "too few seeds or images to tell"
    assert figure.axes[0].get_xlim()[1] < 10


def test_each_verdict_has_a_marker_as_well_as_a_colour() -> None:
    figure = plots.gain_figure(comparison("better", "worse", "no difference shown"), "linear")
    markers = [line.get_marker() for line in figure.axes[0].lines if len(line.get_xdata()) == 1]
    assert len(set(markers)) == 3


def test_a_curve_is_the_mean_over_the_seeds() -> None:
    figure = plots.curves_figure(history(variants=1), "v0")
    assert list(figure.axes[0].lines[0].get_ydata()) == pytest.approx([1.5, 1.0, 1 / 3 + 0.5])


def test_training_and_validation_stand_side_by_side() -> None:
    titles = [axes.get_title(loc="left") for axes in plots.curves_figure(history(), "v0").axes]
    assert titles == ["training loss", "validation loss", "training accuracy", "validation accuracy"]


def test_without_validation_there_is_no_empty_panel() -> None:
    titles = [axes.get_title(loc="left") for axes in plots.curves_figure(history(validation=False), "v0").axes]
    assert titles == ["training loss", "training accuracy"]


def test_one_epoch_is_drawn_as_points_beside_each_other() -> None:
    axes = plots.curves_figure(history(variants=3, epochs=1), "v0").axes[0]
    places = [float(container.lines[0].get_xdata()[0]) for container in axes.containers]
    assert len(set(places)) == 3
    assert list(axes.get_xticks()) == [1]


def test_twelve_variants_all_look_different() -> None:
    figure = plots.curves_figure(history(variants=12, epochs=30), "v0")
    looks = {(line.get_color(), line.get_linestyle()) for line in figure.axes[0].lines}
    assert len(looks) == 12


def test_trainings_of_different_lengths_are_drawn_as_far_as_they_go() -> None:
    table = history(variants=1)
    shorter = table[(table["seed"] == 0) | (table["epoch"] < 3)]
    assert list(plots.curves_figure(shorter, "v0").axes[0].lines[0].get_xdata()) == [1, 2, 3]


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


def test_no_difference_at_all_is_drawn_without_strong_colours() -> None:
    assert plots.difference_figure(np.zeros((2, 2)), CLASSES[:2]).axes[0].images[0].get_clim() == (-1, 1)


@pytest.mark.parametrize("size", [2, 10, 26, 60])
def test_class_names_stay_legible_however_many(size: int) -> None:
    figure = plots.confusion_figure(np.eye(size, dtype=int), [f"class {place}" for place in range(size)])
    heights = [label.get_fontsize() for label in figure.axes[0].get_yticklabels()]
    cell = figure.get_figheight() * 72 / (size + 4)
    assert min(heights) >= 7
    assert max(heights) < max(cell, 12)


def test_long_class_names_keep_both_ends() -> None:
    figure = plots.confusion_figure(np.eye(2, dtype=int), ["letter " + "x" * 100 + " A", "letter " + "x" * 100 + " B"])
    assert tick_labels(figure) == ["letter xxx…xxxxxxxxx A", "letter xxx…xxxxxxxxx B"]


def test_a_dollar_sign_in_a_class_name_starts_no_formula() -> None:
    plots.png(plots.confusion_figure(np.eye(2, dtype=int), ["$\\undefined$", "5 $"]))


@pytest.mark.parametrize("shape", [(8, 8), (8, 8, 1), (64, 64, 3)])
def test_the_pixel_range_is_told_before_and_after_scaling(shape: tuple[int, ...]) -> None:
    raw = np.full(shape, 51, np.uint8)
    raw[0, 0] = 255
    titles = [axes.get_title(loc="left") for axes in plots.pixel_range_figure(raw, 255).axes[:2]]
    assert titles == ["as stored: 51 to 255", "divided by 255: 0.2 to 1"]


def test_a_figure_has_the_same_bytes_each_time_and_no_stamps() -> None:
    first, second = (plots.png(plots.gain_figure(comparison("better"), "linear")) for _ in range(2))
    assert first == second
    assert set(Image.open(io.BytesIO(first)).info) == {"dpi"}


def test_the_readers_own_matplotlib_settings_change_nothing() -> None:
    plain = plots.png(plots.curves_figure(history(), "v0"))
    with mpl.rc_context({"font.size": 30, "axes.facecolor": "red", "savefig.bbox": "tight"}):
        assert plots.png(plots.curves_figure(history(), "v0")) == plain
        assert mpl.rcParams["font.size"] == 30
