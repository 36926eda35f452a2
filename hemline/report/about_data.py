"""Effects of the data on accuracy, in words and pictures: duplicates, imbalance, suspected label errors."""

from dataclasses import dataclass

import pandas as pd

from hemline.comparison.facts import Facts
from hemline.comparison.metrics import ACCURACY, Metric, decision_of
from hemline.data.scaling import to_screen
from hemline.report.pictures import Picture, thumbnail
from hemline.report.results import Results
from hemline.words import listed, percent

# More variants than this are counted, not named.
_NAMED = 3


@dataclass(frozen=True)
class Doubt:
    """An image whose label may be wrong: its set and index, the given class, and the class that the models predict.

    ``quality`` and ``probability`` are the probabilities of the two classes, in per cent, with the per cent sign.
    """

    picture: Picture
    place: str
    label: str
    quality: str
    looks_like: str
    probability: str


def constant_answer(facts: Facts) -> str:
    """State the accuracy of always predicting the most frequent class."""
    name, rate = facts.most_frequent, percent(facts.most_frequent_rate)
    return f"Always predicting {name}, the most frequent class, would score {rate} %."


def imbalance(facts: Facts) -> str:
    """Say that classes are imbalanced, and which metrics help; empty if they are balanced."""
    if not facts.imbalanced:
        return ""
    help_ = "Balanced accuracy and macro F1 count every class the same"
    return f"The classes are imbalanced: {_lower(constant_answer(facts))[:-1]}. {help_}."


def unbeaten(comparison: pd.DataFrame, facts: Facts, baseline: str, metric: Metric = ACCURACY) -> str:
    """Name the variants that are not shown to beat the most frequent class; empty if all of them do.

    Also empty if ``metric``, which decides, is balanced accuracy: finding a rare class costs a little accuracy.

    ``comparison`` has one row a variant: ``variant``, ``accuracy_low`` (a fraction).
    """
    if decision_of(metric).by_class:
        return ""
    rows = comparison.loc[comparison["accuracy_low"] <= facts.most_frequent_rate, "variant"]
    names = [f"the baseline {name}" if name == baseline else str(name) for name in rows]
    if not names:
        return ""
    constant = f"always predicting {facts.most_frequent}, the most frequent class"
    worth = f"which scores {percent(facts.most_frequent_rate)} % on the test images"
    return f"{_who(names, len(comparison))} shown to do better than {constant}, {worth}."


def duplicates(facts: Facts, test_images: int) -> str:
    """Count the test images that are also training or validation images."""
    if not facts.duplicates:
        return "No test image is also in the training or validation set (compared pixel for pixel)."
    also = (
        "is also a training or validation image" if facts.duplicates == 1 else "are also training or validation images"
    )
    relabelled = f"; {facts.relabelled:,} of them with another label there" if facts.relabelled else ""
    return f"{facts.duplicates:,} of {test_images:,} test images {also}, pixel for pixel{relabelled}."


def doubted(results: Results) -> list[Doubt]:
    """Return the most suspicious labels with their images, the most suspicious first."""
    images, pixels = results.judged, results.source.pixels
    found = []
    for row in results.doubted.to_dict("records"):
        place = f"{row['set']} image {row['index']}"
        raw = images[row["set"]][row["index"]]
        found.append(
            Doubt(
                picture=thumbnail(to_screen(raw, pixels), place),
                place=place,
                label=row["label"],
                quality=f"{percent(row['quality'], 1)}\N{NO-BREAK SPACE}%",
                looks_like=row["looks_like"],
                probability=f"{percent(row['probability'], 1)}\N{NO-BREAK SPACE}%",
            )
        )
    return found


def _who(names: list[str], total: int) -> str:
    if len(names) == total > 1:
        return "No variant is"
    if len(names) > _NAMED:
        return f"{len(names)} of {total} variants are not"
    who = f"{listed(names)} {'is' if len(names) == 1 else 'are'} not"
    # The case of a variant's name is kept.
    return f"The{who.removeprefix('the')}" if who.startswith("the baseline ") else who


def _lower(sentence: str) -> str:
    return sentence[0].lower() + sentence[1:]
