"""The report: results in, the files of ``reports/`` out.

``render`` makes the bytes of all files in memory; ``write`` puts all of them in place, or none. The same results give
the same bytes: there are no time stamps, run ids or absolute paths.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape
from tabulate import tabulate

from hemline.comparison.enough import tells
from hemline.comparison.metrics import ACCURACY, Metric
from hemline.comparison.units import Unit
from hemline.families.registry import family_of
from hemline.processes.drafts import draft
from hemline.report import about_data, calibration, confusions, gallery, pairs, pictures, tuning, verdict
from hemline.report.drawing import draw
from hemline.report.figures import figures, shown_classes
from hemline.report.hardest import hardest_classes
from hemline.report.labels import label_key, shorten
from hemline.report.pictures import Picture
from hemline.report.plots import FEW_CLASSES
from hemline.report.question import question
from hemline.report.results import Results
from hemline.report.settings import settings_table
from hemline.words import percent, plain_in_markdown, signed

SYMBOLS = {"better": "▲", "worse": "▼", "no difference shown": "●", "too few to tell": "●", "baseline": ""}
# The most letters that fit next to a prediction's bar.
BAR_LETTERS = 11
TOO_FEW = "too few seeds or images to tell"
SMALLEST_P = 0.001


@dataclass(frozen=True)
class Row:
    """One variant's row in the comparison table, with values as printed; empty if undefined."""

    variant: str
    parameters: str
    validation: str
    accuracy: str
    without_duplicates: str
    metrics: list[str]
    gain: str
    p: str
    verdict: str
    kind: str
    symbol: str


def render(results: Results, drawn: Path | None = None) -> dict[str, bytes]:
    """Make all files of the report.

    Args:
        results: the outputs of the earlier stages.
        drawn: the folder that caches figures by their inputs; None: no cache.

    Returns:
        Contents by path below ``reports/``: ``index.html``, ``summary.md``, ``figures/….png``.
    """
    context = {
        "results": results,
        "params": results.params,
        "source": results.source,
        "question": question(results.params).text,
        "verdict": verdict_on(results),
        "rows": comparison_rows(results),
        "pairs": _pairs(results),
        "table": comparison_table(results),
        "duplicates_table": _duplicates_table(results),
        "constant_answer": about_data.constant_answer(results.facts),
        "duplicates": about_data.duplicates(results.facts, len(results.test.labels)),
        "doubted": about_data.doubted(results),
        "confusion": _confusion_words(results),
        "settings": settings_table(results.params, results.runs),
        "calibration": calibration.rows(results.calibration),
        "searches": tuning.rows(results.searches, results.params) if results.searches else [],
        "equal_budget": tuning.equal_budget(results.searches),
        "trials_until_ahead": tuning.trials_until_ahead(
            results.searches, results.params.baseline, dict(results.validation)
        ),
        "no_curves": tuning.no_curves(results.searches),
        "promised": [name for name in results.params.variants if _same_everywhere(results, name)],
        "machine_only": [name for name in results.params.variants if not _same_everywhere(results, name)],
        "matrices": _matrices(results),
        "grid": _training_grid(results),
        "grid_words": gallery.grid_words,
        **_predictions(results),
    }
    # Last, because they take most of the time: a missing input is reported first.
    shown = figures(results)
    pngs = draw(shown, drawn)
    context["pictures"] = {
        name: pictures.from_png(png, shown[name].text, photograph=shown[name].photograph) for name, png in pngs.items()
    }
    texts = {name: templates().get_template(f"{name}.jinja").render(context) for name in ("index.html", "summary.md")}
    return {name: text.encode() for name, text in texts.items()} | {
        f"figures/{name}": png for name, png in pngs.items()
    }


def write(files: Mapping[str, bytes], folder: Path) -> None:
    """Put the report's files in place; a failure leaves the previous report unchanged.

    Args:
        files: contents by path below the folder, from ``render``.
        folder: ``reports/``; its ``figures/`` is replaced as a whole, to remove figures of old variants.
    """
    with draft() as new:
        for path, content in files.items():
            (new.folder / path).parent.mkdir(parents=True, exist_ok=True)
            (new.folder / path).write_bytes(content)
        for made in sorted(new.folder.iterdir()):
            new.put(made.name, folder / made.name)


def comparison_rows(results: Results) -> list[Row]:
    """Format the comparison, one row a variant in params.yaml's order.

    Args:
        results: the outputs of the earlier stages.

    Returns:
        The rows; accuracies in per cent, gains in percentage points.
    """
    return [
        Row(
            variant=row["variant"],
            parameters=f"{int(row['parameters']):,}",
            validation=_validation(results, row["variant"]),
            accuracy=_accuracy(row),
            without_duplicates=percent(row["accuracy_without_duplicates"]),
            metrics=[_figure(metric, row) for metric in results.shown_metrics],
            gain=_gain(row, results.decision.unit),
            p=_p_value(row["p_holm"]),
            verdict=_verdict(row),
            kind=row["verdict"],
            symbol=SYMBOLS[row["verdict"]],
        )
        for row in results.comparison.to_dict("records")
    ]


def comparison_table(results: Results) -> str:
    """Write the comparison as a Markdown table whose columns also line up in a terminal.

    Args:
        results: the outputs of the earlier stages.

    Returns:
        Lines without a newline at the end. If classes are imbalanced, the metrics that weight all classes equally are
        shown next to accuracy.
    """
    metrics, unit = results.shown_metrics, results.decision.unit
    places = [place for place, each in enumerate(metrics) if each.imbalanced or each is results.metric]
    further = [f"{metrics[place].heading} {metrics[place].unit} [95 % interval]" for place in places]
    validation = "Validation %" if results.metric is ACCURACY else f"Validation {results.decision.words}"
    gain = f"{unit.heading('Gain')} [95 % interval]"
    header = ["Variant", validation, "Test % [95 % interval]", *further, gain, "Verdict"]
    rows = [
        [row.variant, row.validation, row.accuracy, *(row.metrics[place] for place in places), row.gain, row.verdict]
        for row in comparison_rows(results)
    ]
    return markdown_table(header, rows)


def remarks(results: Results) -> list[str]:
    """Return the sentences that prevent misreading the table; may be empty."""
    unbeaten = about_data.unbeaten(results.comparison, results.facts, results.params.baseline, results.metric)
    return [sentence for sentence in (unbeaten, *verdict_on(results).data) if sentence]


def _duplicates_table(results: Results) -> str:
    rows = [[row.variant, row.accuracy, row.without_duplicates] for row in comparison_rows(results)]
    return markdown_table(["Variant", "Test % [95 % interval]", "Test % without duplicates"], rows)


def verdict_on(results: Results) -> verdict.Verdict:
    """Put the comparison into words."""
    described = verdict.describe(
        results.comparison,
        results.validation,
        results.params.baseline,
        results.source.title,
        results.facts,
        seeds=len(results.params.all_seeds()),
        test_images=len(results.test.labels),
        runs=results.runs,
        train_share=results.params.normalize.train_share,
        per_seed=results.params.normalize.split == "per_seed",
        searches=results.params.searches,
        warnings=results.warnings,
        question=question(results.params),
        linear=results.params.linear_models(),
        metric=results.metric,
        selection=results.selection,
    )
    details = [*described.details, *tuning.sentences(results.searches, results.params)]
    return replace(described, details=details)


def markdown_table(header: list[str], rows: list[list[str]]) -> str:
    """Write cells as a Markdown table whose columns also line up in a terminal."""
    return tabulate(rows, header, tablefmt="github", disable_numparse=True)


def _accuracy(row: Mapping[Any, Any]) -> str:
    low, high = row["accuracy_low"], row["accuracy_high"]
    interval = f"[{percent(low)}, {percent(high)}]" if tells(low, high, possible=1) else f"[{TOO_FEW}]"
    return f"{percent(row['accuracy'])} {interval}"


def _figure(metric: Metric, row: Mapping[Any, Any]) -> str:
    """Write a metric, with its interval if it has one."""
    if f"{metric.key}_low" not in row:
        return metric.show(row[metric.key])
    low, high = row[f"{metric.key}_low"], row[f"{metric.key}_high"]
    telling = metric.scores is None or tells(low, high, possible=1)
    interval = f"{metric.show(low)}, {metric.show(high)}" if telling else TOO_FEW
    return f"{metric.show(row[metric.key])} [{interval}]"


def _verdict(row: Mapping[Any, Any]) -> str:
    so_far = " so far" if row["so_far"] else ""
    improves = ", still improving" if row["still_improves"] == "yes" else ""
    return f"{row['verdict']}{so_far}{improves}"


def _validation(results: Results, variant: str) -> str:
    value = float(results.validation[variant])
    return "" if math.isnan(value) else results.metric.show(value)


def _gain(row: Mapping[Any, Any], unit: Unit) -> str:
    if pd.isna(row["gain"]):
        return ""
    if row["verdict"] == "too few to tell":
        return TOO_FEW
    gain, low, high = unit.ends(row)
    return f"{gain} [{low}, {high}]"


def _p_value(p: float) -> str:
    if pd.isna(p):
        return ""
    return f"< {SMALLEST_P}" if p < SMALLEST_P else f"{p:.3f}"


def _pairs(results: Results) -> dict[str, Any]:
    """Return the sentences about all pairs, and the pairs as rows of a table."""
    margin, unit = results.params.equivalence_margin, results.decision.unit
    words = pairs.sentences(results.pairs, results.comparison, results.selection, unit, margin)
    return {"sentences": words, "rows": pairs.rows(results.pairs, unit), "margin": margin is not None}


def _shown_variant(results: Results) -> str:
    """Return the variant that validation chooses; without validation, the first one other than the baseline."""
    return results.selection.chosen or [*results.others, results.params.baseline][0]


def _confusion_words(results: Results) -> dict[str, Any]:
    """Compare the confusions of the baseline with those of the best other variant, if there is one."""
    others = results.others
    if not others:
        return {"variant": None, "rows": [], "sentence": ""}
    baseline = results.params.baseline
    name = results.selection.other or others[0]
    found = results.confusions[name]
    rows = [row | {"interval": _change(row)} for row in found.to_dict("records")]
    return {"variant": name, "rows": rows, "sentence": confusions.in_words(found, name, baseline)}


def _change(row: Mapping[Any, Any]) -> str:
    """Write the change of a confusion in points, with its interval, if there are at least two images."""
    change = signed(100 * (row["after"] - row["before"]), 1)
    if pd.isna(row["low"]):
        return change
    return f"{change} [{signed(100 * row['low'], 1)}, {signed(100 * row['high'], 1)}]"


def _matrices(results: Results) -> dict[str, Any]:
    """Return the number of classes in the confusion matrices, and the full names that they shorten."""
    shown, classes = shown_classes(results), results.source.classes
    return {"shown": len(shown), "key": label_key(classes, shown), "small": len(classes) <= FEW_CLASSES}


def _same_everywhere(results: Results, name: str) -> bool:
    return family_of(results.params.training(name)).same_everywhere


def _training_grid(results: Results) -> list[tuple[str, Picture]]:
    train = results.train
    return gallery.training_grid(train.images, train.labels, results.source.classes, results.source.pixels)


def _predictions(results: Results) -> dict[str, Any]:
    """Return the predictions for the gallery's test images by the shown variant's model with the first seed."""
    name, test = _shown_variant(results), results.test
    shares = results.probabilities(name)[0]
    indices, chosen = gallery.shown_test_images(test.labels)
    shown = [
        gallery.predict(
            index,
            test.images[index],
            int(test.labels[index]),
            np.asarray(shares[index]),
            results.source.classes,
            pixels=results.source.pixels,
        )
        for index in indices
    ]
    hardest = hardest_classes(results.per_class[name])
    return {
        "shown": name,
        "hardest": hardest,
        "predictions": shown,
        "chosen": chosen,
        "single": gallery.least_sure(shown),
    }


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
    # A number and its unit stay on one line.
    environment.filters["nobreak"] = lambda text: text.replace(" %", "\N{NO-BREAK SPACE}%")
    environment.filters["short"] = lambda name: shorten(name, BAR_LETTERS)
    environment.filters["markdown"] = plain_in_markdown
    # An undefined value, such as the precision of a class that is never predicted, is not 0.
    environment.filters["share"] = lambda value: percent(value, 1) or "–"  # noqa: RUF001
    return environment
