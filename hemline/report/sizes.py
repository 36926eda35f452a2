"""The page of `make sizes`: gains and errors against the number of training images, and the sizes where gains begin."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from hemline.comparison.crossing import Crossing, crossing
from hemline.comparison.groups import Groups, Scores
from hemline.comparison.metrics import Labels, decision_of, find_metric
from hemline.comparison.power_law import PowerLaw, power_law
from hemline.comparison.statistics import compare
from hemline.comparison.units import POINTS, Unit
from hemline.errors import writing
from hemline.params import Params
from hemline.report import pictures, plots
from hemline.report.page import markdown_table, templates
from hemline.report.sizes_plot import sizes_figure

FOLDER = Path("reports")
_TEXT = (
    "Gain over the baseline and error of each variant against the number of training images; the table has the numbers."
)


class Sized(NamedTuple):
    """A variant trained on one number of images."""

    epochs: int  # 0: it has none
    improves: bool  # whether more epochs may have lowered its validation loss
    scores: Scores  # (seeds, test images), higher is better


class Measured(NamedTuple):
    """All variants trained on one number of images, and the test images that they are compared on."""

    variants: Mapping[str, Sized]
    labels: Labels  # (test images,)
    groups: Groups | None  # (test images,)


def write(params: Params, measured: Mapping[int, Measured]) -> str:
    """Write ``sizes.csv``, ``sizes.png`` and ``sizes.html``, and return the answers and the table for the terminal.

    Args:
        params: of the workspace.
        measured: by the number of training images, ascending.
    """
    table, crossings, laws = gains(params, measured), crossings_of(params, measured), laws_of(params, measured)
    unit = decision_of(find_metric(params.metric)).unit
    answers = [sentence(name, params.baseline, found, [*measured]) for name, found in crossings.items()]
    fits = [law_sentence(name, law) for name, law in laws.items()]
    heading = f"Gain over {params.baseline}"
    png = plots.png(sizes_figure(table, crossings, laws, heading, unit))
    header = ["Training images", "Variant", "Epochs", f"{unit.heading(heading)} [95 % interval]"]
    rows = [_row(each, params.baseline, unit) for each in table.to_dict("records")]
    context: dict[str, Any] = {
        "params": params,
        "answers": answers,
        "fits": fits,
        "header": header,
        "rows": rows,
        "picture": pictures.from_png(png, _TEXT),
    }
    page = templates().get_template("sizes.html.jinja").render(context)
    with writing(FOLDER / "sizes.html"):
        FOLDER.mkdir(exist_ok=True)
        table.to_csv(FOLDER / "sizes.csv", index=False)
        (FOLDER / "sizes.png").write_bytes(png)
        (FOLDER / "sizes.html").write_text(page)
    written = f"Written: {', '.join(str(FOLDER / f'sizes.{end}') for end in ('html', 'csv', 'png'))}"
    return "\n".join([markdown_table(header, rows), "", *answers, *fits, "", written])


def gains(params: Params, measured: Mapping[int, Measured]) -> pd.DataFrame:
    """Return a row per size and variant: images, variant, epochs, improves, error, gain, gain_low, gain_high."""
    decision = decision_of(find_metric(params.metric))
    rows: list[dict[str, Any]] = []
    for size, (variants, labels, groups) in measured.items():
        baseline = variants[params.baseline].scores
        for name, own in variants.items():
            value = decision.value(own.scores, labels)
            row = {"images": size, "variant": name, "epochs": own.epochs, "improves": own.improves}
            row["error"] = value if decision.is_loss else 1 - value
            if name != params.baseline:
                by_class = labels if decision.by_class else None
                found = compare(own.scores, baseline, groups=groups, labels=by_class)
                row |= {"gain": found.gain, "gain_low": found.low, "gain_high": found.high}
            rows.append(row)
    return pd.DataFrame(rows)


def crossings_of(params: Params, measured: Mapping[int, Measured]) -> dict[str, Crossing]:
    """Return by variant the size from which it is better than the baseline."""
    one = next(iter(measured.values()))
    labels = one.labels if decision_of(find_metric(params.metric)).by_class else None
    scores = {name: [each.variants[name].scores for each in measured.values()] for name in params.variants}
    return {
        name: crossing([*measured], own, scores[params.baseline], one.groups, labels)
        for name, own in scores.items()
        if name != params.baseline
    }


def laws_of(params: Params, measured: Mapping[int, Measured]) -> dict[str, PowerLaw | None]:
    """Return by variant the power law of its error, or None."""
    decision = decision_of(find_metric(params.metric))

    def losses(scores: Scores, labels: Labels) -> Any:
        # Weighted such that the mean over images is the mean over classes of the means of their images.
        counts = np.bincount(labels)[labels]
        weights = len(labels) / np.count_nonzero(np.bincount(labels)) / counts if decision.by_class else 1.0
        return weights * (-scores if decision.is_loss else 1.0 - scores)

    return {
        name: power_law([*measured], [losses(each.variants[name].scores, each.labels) for each in measured.values()])
        for name in params.variants
    }


def sentence(name: str, baseline: str, found: Crossing, sizes: list[int]) -> str:
    """Return the answer for a variant."""
    smallest, largest = f"{sizes[0]:,}", f"{sizes[-1]:,}"
    if found.low is None and found.high is None:
        return f"{name}: with {smallest} to {largest} training images, no difference from {baseline} is shown."
    low = _rounded(found.low) if found.low else f"fewer than {smallest}"
    if found.high is None:
        begins = f"; its gain may begin at {_rounded(found.size)} ({low} to more than {largest})" if found.size else ""
        return f"{name}: not shown to be better than {baseline} with up to {largest} training images{begins}."
    if found.size is None and found.high == sizes[0]:
        return f"{name}: better than {baseline} with every number of training images from {smallest} on."
    estimate = _rounded(found.size) if found.size else f"fewer than {smallest}"
    interval = f"95 % interval: {low} to {_rounded(found.high)}"
    return f"{name}: better than {baseline} from {estimate} training images on ({interval})."


def law_sentence(name: str, law: PowerLaw | None) -> str:
    """Return the power law of a variant's error in words."""
    if law is None:
        return f"{name}: no power law fits its error."
    floor = f", towards {law.floor:.4f}" if law.floor else ""
    return (
        f"{name}: its error falls with the power {law.exponent:.3f} of the number of images "
        f"(95 % interval: {law.low:.3f} to {law.high:.3f}){floor}."
    )


def _rounded(size: float) -> str:
    """Write a number of images with two significant digits: more would suggest more than is known."""
    return f"{float(f'{size:.2g}'):,.0f}"


def _row(row: Mapping[Any, Any], baseline: str, unit: Unit) -> list[str]:
    epochs = f"{row['epochs'] or 'none'}{' (still improved)' if row['improves'] else ''}"
    if row["variant"] == baseline:
        error = f"baseline, error {100 * row['error']:.2f} %" if unit is POINTS else f"baseline, {row['error']:.4f}"
        return [f"{row['images']:,}", row["variant"], epochs, error]
    gain, low, high = unit.ends(row)
    return [f"{row['images']:,}", row["variant"], epochs, f"{gain} [{low}, {high}]"]
