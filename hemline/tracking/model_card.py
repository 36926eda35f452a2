"""A model card: what a champion is, what it was made of and tested on, and where it may fail, as Markdown.

Source:
    Mitchell et al. (2019), Model Cards for Model Reporting, Conference on Fairness, Accountability, and Transparency;
    its sections, as far as they follow from what the pipeline knows. What only people know is left to them.
"""

from collections.abc import Mapping
from typing import Any

from hemline.comparison.enough import interval, tells
from hemline.comparison.metrics import ACCURACY
from hemline.comparison.promotion import Candidate
from hemline.report.results import Results
from hemline.words import percent, plain_in_markdown

_CLASSES = 10  # that are shown, of those that are found least
# A description with more than 5,000 characters is refused by a server's database.
_LONGEST = 4500


def model_card(results: Results, candidate: Candidate, reason: str) -> str:
    """Return the card of a champion, which was promoted because of ``reason``."""
    row = next(row for row in results.comparison.to_dict("records") if row["variant"] == candidate.variant)
    sections = {
        "Model": _model(results, candidate, row["parameters"], reason),
        "Intended use": [
            f"One of {len(results.source.classes)} classes for images like those of the data set",
            "It answers every image with one of them, also one that is of none",
        ],
        "Data": _data(results),
        "Metrics": _metrics(results, candidate, row),
        "By class": _by_class(results, candidate.variant),
        "Limits": [
            "Intervals are about other seeds and other test images of the same kind, not about other sources of images",
            "Each promotion looks at the same test images again: a champion's test accuracy is slightly overstated",
            f"Suspected label errors among the images that no model trained on: {results.facts.likely_errors}",
        ],
    }
    parts = [f"### {title}\n\n" + "\n".join(f"- {line}" for line in lines) for title, lines in sections.items()]
    return "\n\n".join(["## Model card", *parts])[:_LONGEST]


def _model(results: Results, candidate: Candidate, parameters: int, reason: str) -> list[str]:
    settings = results.params.training(candidate.variant, candidate.seed).model_dump()
    shown = ", ".join(f"{key} {value}" for key, value in settings.items() if value is not None)
    return [
        f"{candidate.variant}, seed {candidate.seed}: {parameters:,} parameters; {shown}",
        f"SHA-256 of its file: `{candidate.model_sha256}`",
        f"Promoted because {reason}",
    ]


def _data(results: Results) -> list[str]:
    source, counts = results.source, (len(results.train.labels), len(results.test.labels))
    return [
        f"{plain_in_markdown(source.title)}: {counts[0]:,} training images, {counts[1]:,} test images",
        f"Digest of the data: `{source.digest}`",
        f"Licence of the data: {plain_in_markdown(source.licence)}. Licence of the model: not stated",
        *map(plain_in_markdown, results.warnings),
    ]


def _metrics(results: Results, candidate: Candidate, row: Mapping[Any, Any]) -> list[str]:
    mean, low, high = (percent(row[key]) for key in ("accuracy", "accuracy_low", "accuracy_high"))
    telling = tells(row["accuracy_low"], row["accuracy_high"], possible=1)
    decision = results.decision
    of = "" if results.metric is ACCURACY else f" of {decision.words}"
    measured = decision.unit.after(interval(decision.unit, row["gain"], row["gain_low"], row["gain_high"]))
    compared = f"{measured}{of} over {results.params.baseline}; verdict: {row['verdict']}"
    return [
        f"Test accuracy of this model: {percent(candidate.test_accuracy)} %",
        (
            f"Mean of its variant over {candidate.seeds} seeds, with a 95 % interval: {mean} % "
            f"[{f'{low}, {high}' if telling else 'too few to tell'}]"
        ),
        f"Gain of its variant: {'it is the baseline' if row['verdict'] == 'baseline' else compared}",
    ]


def _by_class(results: Results, variant: str) -> list[str]:
    """Return the recall of the classes that are found least: the groups that are known of any data set."""
    table = results.per_class[variant].dropna(subset="recall").sort_values("recall", kind="stable")
    lowest = table.head(_CLASSES).to_dict("records")
    return [f"{plain_in_markdown(str(row['class']))}: {percent(row['recall'])} % are found" for row in lowest]
