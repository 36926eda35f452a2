"""The report: results in, the files of ``reports/`` out.

``render`` makes every file's bytes in memory; ``write`` puts them in place, all or none. The same results give the same
bytes: no time stamps, run ids or absolute paths.
"""

import os
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from hemline import confusions, gallery, pictures, plots, verdict
from hemline.pictures import Picture
from hemline.plots import signed
from hemline.results import Results

SYMBOLS = {"better": "▲", "worse": "▼", "no difference shown": "●", "baseline": ""}
SMALLEST_P = 0.001
SUMMARY_COLUMNS = {
    "variant": "Variant",
    "validation": "Validation %",
    "accuracy": "Test % [95 % interval]",
    "gain": "Gain, points [95 % interval]",
    "verdict": "Verdict",
}


@dataclass(frozen=True)
class Row:
    """One variant's line in the comparison table, every value as it is printed; empty where it has none."""

    variant: str
    parameters: str
    validation: str
    accuracy: str
    loss: str
    gain: str
    p: str
    verdict: str
    symbol: str


def render(results: Results) -> dict[str, bytes]:
    """Make all files of the report.

    Args:
        results: what the earlier stages wrote.

    Returns:
        Contents by path below ``reports/``: ``index.html``, ``summary.md``, ``figures/….png``.
    """
    context = {
        "results": results,
        "params": results.params,
        "source": results.source,
        "verdict": _verdict(results),
        "rows": comparison_rows(results),
        "table": comparison_table(results),
        "confusion": _confusion_words(results),
        "settings": _settings(results),
        "grid": _training_grid(results),
        **_predictions(results),
    }
    # Last, because they take nearly all of the time: a missing input is told before.
    figures = _figures(results)
    context["pictures"] = _embedded(figures, results)
    texts = {name: templates().get_template(f"{name}.jinja").render(context) for name in ("index.html", "summary.md")}
    return {name: text.encode() for name, text in texts.items()} | {f"figures/{n}": png for n, png in figures.items()}


def write(files: Mapping[str, bytes], folder: Path) -> None:
    """Put the report's files in place; a failure half-way leaves the former report as it was.

    Args:
        files: contents by path below the folder, from ``render``.
        folder: ``reports/``; its ``figures/`` is replaced as a whole, so that no former variant's figure stays.
    """
    folder.mkdir(parents=True, exist_ok=True)
    # Beside the destination, because only a move within a file system is a rename.
    with tempfile.TemporaryDirectory(prefix=".report-", dir=folder) as name:
        new = Path(name) / "new"
        for path, content in files.items():
            (new / path).parent.mkdir(parents=True, exist_ok=True)
            (new / path).write_bytes(content)
        for made in sorted(new.iterdir()):
            target = folder / made.name
            if target.is_dir():
                shutil.move(target, Path(name) / "former")
            os.replace(made, target)  # noqa: PTH105 - Path.replace says less plainly that it overwrites


def comparison_rows(results: Results) -> list[Row]:
    """Format the comparison, one row a variant in params.yaml's order.

    Args:
        results: what the earlier stages wrote.

    Returns:
        The rows; accuracies in per cent, gains in percentage points.
    """
    return [
        Row(
            variant=row["variant"],
            parameters=f"{int(row['parameters']):,}",
            validation=_percent(results.validation[row["variant"]]),
            accuracy=f"{_percent(row['accuracy'])} [{_percent(row['accuracy_low'])}, {_percent(row['accuracy_high'])}]",
            loss=f"{row['loss']:.4f}",
            gain=_gain(row),
            p=_p_value(row["p_holm"]),
            verdict=row["verdict"],
            symbol=SYMBOLS[row["verdict"]],
        )
        for row in results.comparison.to_dict("records")
    ]


def comparison_table(results: Results) -> str:
    """Write the comparison as a Markdown table whose columns also line up in a terminal.

    Args:
        results: what the earlier stages wrote.

    Returns:
        Lines without a newline at the end.
    """
    rows = [[getattr(row, key) for key in SUMMARY_COLUMNS] for row in comparison_rows(results)]
    return markdown_table([list(SUMMARY_COLUMNS.values()), *rows])


def markdown_table(lines: list[list[str]]) -> str:
    """Write lines of cells, the first of them the header, as a Markdown table whose columns line up in a terminal."""
    widths = [max(len(line[column]) for line in lines) for column in range(len(lines[0]))]
    texts = ["| " + " | ".join(map(str.ljust, line, widths)) + " |" for line in lines]
    rule = "|" + "|".join("-" * (width + 2) for width in widths) + "|"
    return "\n".join([texts[0], rule, *texts[1:]])


def _percent(fraction: float) -> str:
    return "" if pd.isna(fraction) else f"{100 * fraction:.2f}"


def _gain(row: Mapping[Any, Any]) -> str:
    if pd.isna(row["gain"]):
        return ""
    gain, low, high = (signed(100 * row[key]) for key in ("gain", "gain_low", "gain_high"))
    return f"{gain} [{low}, {high}]"


def _p_value(p: float) -> str:
    if pd.isna(p):
        return ""
    return f"< {SMALLEST_P}" if p < SMALLEST_P else f"{p:.3f}"


def _verdict(results: Results) -> verdict.Verdict:
    return verdict.describe(
        results.comparison,
        results.validation,
        results.params.baseline,
        results.source.title,
        seeds=len(results.params.seeds),
        test_images=len(results.test.labels),
    )


def _others(results: Results) -> list[str]:
    return [name for name in results.params.variants if name != results.params.baseline]


def _shown_variant(results: Results) -> str:
    """Return the best by validation; without validation the first beside the baseline, since nothing may choose."""
    best = verdict.best_by_validation(results.validation)
    return best or [*_others(results), results.params.baseline][0]


def _figures(results: Results) -> dict[str, bytes]:
    """Draw every figure; the names are those of the files."""
    baseline, classes = results.params.baseline, results.source.classes
    scale = results.params.normalize.scale
    figures = {
        "curves.png": plots.curves_figure(results.history, baseline),
        "pixels.png": plots.pixel_range_figure(pictures.to_raw(results.train.images[0], scale), scale),
    }
    if _others(results):
        figures["gain.png"] = plots.gain_figure(results.comparison, baseline)
    for name, difference in results.difference.items():
        figures[f"confusion-{name}-minus-{baseline}.png"] = plots.difference_figure(difference, classes)
    drawn = {name: plots.png(figure, photograph=name == "pixels.png") for name, figure in figures.items()}
    # Drawn by evaluate, which gives them to MLflow too.
    return drawn | {f"confusion-{name}.png": results.confusion_png(name) for name in results.confusion}


def _embedded(figures: Mapping[str, bytes], results: Results) -> dict[str, Picture]:
    """Turn the files into pictures of the page, each with a text for those who cannot see it."""
    baseline = results.params.baseline
    texts = {
        "gain.png": f"Gain of each variant over {baseline} with its 95 % interval; the table above has the numbers.",
        "curves.png": "Loss and accuracy per epoch of each variant, mean and spread over the seeds.",
        "pixels.png": "Training image 0 with a bar for its pixel values, as stored and after scaling.",
    }
    for name in results.params.variants:
        texts[f"confusion-{name}.png"] = f"Confusion matrix of {name}: rows are true classes, columns predicted ones."
        texts[f"confusion-{name}-minus-{baseline}.png"] = (
            f"Confusion matrix of {name} minus that of {baseline}, in percentage points of the true class."
        )
    return {name: pictures.from_png(content, texts[name]) for name, content in figures.items()}


def _confusion_words(results: Results) -> dict[str, Any]:
    """Compare the confusions of the baseline with those of the best other variant, if there is one."""
    others = _others(results)
    if not others:
        return {"variant": None, "rows": [], "sentence": ""}
    baseline = results.params.baseline
    name = verdict.best_by_validation(results.validation[others]) or others[0]
    before, after = (plots.row_shares(results.confusion[each]) for each in (baseline, name))
    rows = confusions.frequent(before, after, results.source.classes)
    return {"variant": name, "rows": rows, "sentence": confusions.in_words(rows, name, baseline)}


def _settings(results: Results) -> list[dict[str, Any]]:
    """List what each variant was trained with, and how many epochs its trainings took."""
    epochs = results.runs.groupby("variant")["epochs"]
    fewest, most = epochs.min(), epochs.max()
    settings = []
    for name in results.params.variants:
        low, high = int(fewest[name]), int(most[name])
        values = results.params.training(name).model_dump()
        settings.append({"variant": name, **values, "trained": f"{low}" if low == high else f"{low} to {high}"})
    return settings


def _training_grid(results: Results) -> list[tuple[str, Picture]]:
    train, scale = results.train, results.params.normalize.scale
    return gallery.training_grid(train.images, train.labels, results.source.classes, scale)


def _predictions(results: Results) -> dict[str, Any]:
    """Show what one model makes of the gallery's test images: the shown variant's, trained with the first seed."""
    name, test = _shown_variant(results), results.test
    shares = results.probabilities(name)[0]
    shown = [
        gallery.predict(
            index,
            test.images[index],
            int(test.labels[index]),
            np.asarray(shares[index]),
            results.source.classes,
            scale=results.params.normalize.scale,
        )
        for index in gallery.shown_test_images(len(test.labels))
    ]
    return {"shown": name, "predictions": shown, "single": gallery.least_sure(shown)}


def templates(*further: Path) -> Environment:
    """Return the project's templates and filters; ``further`` folders of templates come first."""
    environment = Environment(
        loader=FileSystemLoader([*further, Path(__file__).parent / "templates"]),
        autoescape=select_autoescape(enabled_extensions=("html.jinja",)),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    # A number is not parted from its unit at the end of a line.
    environment.filters["nobreak"] = lambda text: text.replace(" %", "\N{NO-BREAK SPACE}%")
    environment.filters["signed"] = lambda value: signed(value, 1)
    return environment
