"""The figures of the report: the list, their data, and their text alternatives.

To add one, write its drawing function (here, or in ``plots``), add it to ``figures``, and place it in
``templates/index.html.jinja``.
"""

from functools import partial
from typing import NamedTuple

from matplotlib.figure import Figure

from hemline.comparison.confusion import row_shares
from hemline.comparison.units import POINTS
from hemline.report import plots, tuning
from hemline.report.calibration_plot import reliability_figure
from hemline.report.cost_plot import cost_figure
from hemline.report.excerpt import most_confused
from hemline.report.expected_plot import expected_figure
from hemline.report.pair_plot import pairs_figure
from hemline.report.results import Results


class ReportFigure(NamedTuple):
    """A figure to draw, with its text alternative; a photograph keeps all colours."""

    draw: partial[Figure]
    text: str
    photograph: bool = False

    def png(self) -> bytes:
        """Draw it, as the bytes of a PNG file."""
        return plots.png(self.draw(), photograph=self.photograph)


def figures(results: Results) -> dict[str, ReportFigure]:
    """Return all figures of the report, by the names of their files."""
    baseline, scale, pixels = results.params.baseline, results.params.normalize.scale, results.source.pixels
    found = {
        "curves.png": ReportFigure(
            partial(plots.curves_figure, results.history, baseline),
            "Loss and accuracy per epoch of each variant, mean and spread over the seeds.",
        ),
        "pixels.png": ReportFigure(
            partial(plots.pixel_range_figure, results.train.images[0], scale, pixels),
            "Training image 0 with a bar for its pixel values, as stored and after scaling.",
            photograph=True,
        ),
    }
    if results.others:
        found["gain.png"] = ReportFigure(
            partial(plots.gain_figure, results.comparison, baseline, results.decision.words, results.decision.unit),
            f"Gain of each variant over {baseline} with its 95 % interval; the table above has the numbers.",
        )
        found["cost.png"] = ReportFigure(
            partial(cost_figure, results.comparison, results.params.metric),
            "Deciding metric on the test images against the number of parameters; the tables have the numbers.",
        )
    if len(results.others) > 1:
        found["pairs.png"] = ReportFigure(
            partial(pairs_figure, results.pairs, results.decision.unit),
            "Difference of each pair of variants, row minus column; those that are shown to differ are marked.",
        )
    found["reliability.png"] = ReportFigure(
        partial(reliability_figure, results.reliability),
        "Accuracy against confidence of each variant, in bins of equally many test images, with 95 % intervals.",
    )
    if curves := tuning.curves(results.searches):
        heading = f"validation {results.decision.words}{', %' if results.decision.unit is POINTS else ''}"
        found["expected.png"] = ReportFigure(
            partial(expected_figure, curves, f"expected {heading}"),
            "Expected score of a search on validation images against its number of trials, by variant.",
        )
    return found | _confusions(results)


def shown_classes(results: Results) -> list[int]:
    """Return the numbers of the classes in the confusion matrices: all of them, or some of many."""
    return most_confused(map(row_shares, results.confusion.values()))


def _confusions(results: Results) -> dict[str, ReportFigure]:
    """Return a matrix for each variant, and the difference from the baseline for each other variant."""
    baseline, classes, shown = results.params.baseline, results.source.classes, shown_classes(results)
    some = (
        ""
        if len(shown) == len(classes)
        else f" Shown are {len(shown)} classes, those most often taken for one another."
    )
    counts = {
        f"confusion-{name}.png": ReportFigure(
            partial(plots.confusion_figure, matrix, classes, shown),
            f"Confusion matrix of {name}: rows are true classes, columns predicted ones.{some}",
        )
        for name, matrix in results.confusion.items()
    }
    differences = {
        f"confusion-{name}-minus-{baseline}.png": ReportFigure(
            partial(plots.difference_figure, matrix, classes, shown),
            f"Confusion matrix of {name} minus that of {baseline}, in percentage points of the true class.{some}",
        )
        for name, matrix in results.difference.items()
    }
    return counts | differences
