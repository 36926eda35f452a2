"""The images and predictions that the report shows."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from hemline.data.pixels import BYTES, Pixels
from hemline.data.scaling import to_screen
from hemline.report.pictures import Picture, thumbnail

Array = npt.NDArray[Any]

TRAINING_IMAGES = 25
# More classes have one image each, up to this number of classes.
MOST_TRAINING_IMAGES = 100
TEST_IMAGES = 15
# Test images that tutorials on these data sets discuss by number; the first ones fill the rest.
DISCUSSED = (*range(13), 15, 1000)
BARS = 10
# The number of labels read at once.
_LABELS = 2**18


@dataclass(frozen=True)
class Bar:
    """One class's probability in per cent; its role is "predicted", "true" (only where another is predicted) or ""."""

    name: str
    percent: float
    role: str


@dataclass(frozen=True)
class Prediction:
    """A model's prediction for one test image."""

    index: int  # of the image, from 0
    picture: Picture  # the image
    true: str  # name of its class
    predicted: str  # name of the class with the highest probability
    confidence: float  # that probability, in per cent
    right: bool  # whether the label itself, not merely its name, is predicted
    # all classes in their order; where there are more than ten, the ten most probable, and the true one
    bars: list[Bar]


def training_grid(
    images: Array, labels: Array, classes: Sequence[str], pixels: Pixels = BYTES
) -> list[tuple[str, Picture]]:
    """Choose training images of every class in turn; if there are too many classes, of the first ones.

    ``images`` are raw (n, height, width[, channels]); ``labels`` are integers (n,), places in
    ``classes``. Returns pairs of a class's name and a picture, up to 25, or one for each of up to 100 classes,
    grouped by class.
    """
    number = max(TRAINING_IMAGES, min(len(classes), MOST_TRAINING_IMAGES))
    ordered = sorted(_in_turns(labels, number), key=lambda index: (int(labels[index]), index))
    return [
        (classes[int(labels[index])], _picture(images[index], pixels, f"training image {index}")) for index in ordered
    ]


def grid_words(shown: int, images: int, classes: int) -> str:
    """Say in a sentence which training images the grid shows."""
    which = "the first of each class"
    if classes > MOST_TRAINING_IMAGES:
        which = f"one of each of the first {MOST_TRAINING_IMAGES} of {classes:,} classes"
    turns = ", in turns" if classes <= TRAINING_IMAGES else ""
    return f"{shown} of {images:,} training images: {which}{turns}."


def shown_test_images(labels: Array) -> tuple[list[int], str]:
    """Choose the test images of the gallery by their labels, integers (n,), independent of any model.

    Returns:
        Up to 15 indices: 0 to 12, 15 and 1000 if they exist, otherwise the next ones. If these show at most half of the
        possible classes, as with images sorted by class: the first of each class, then the second of each. And a
        description of the choice.
    """
    candidates = dict.fromkeys([*DISCUSSED, *range(TEST_IMAGES)])
    numbered = sorted([index for index in candidates if index < len(labels)][:TEST_IMAGES])
    most = min(TEST_IMAGES, len(np.unique(labels)))
    if 2 * len(np.unique(labels[numbered])) > most or most == 1:
        return numbered, "chosen by their numbers"
    return sorted(_in_turns(labels, TEST_IMAGES)), "the first of each class, in turns"


def predict(
    index: int, image: Array, label: int, shares: Array, classes: Sequence[str], *, pixels: Pixels = BYTES
) -> Prediction:
    """Describe a model's probabilities for one test image, float32 (classes,), in words and bars.

    ``image`` is raw (height, width[, channels]); ``label`` is a place in ``classes``.
    """
    answer = int(np.argmax(shares))
    return Prediction(
        index=index,
        picture=_picture(image, pixels, f"test image {index}"),
        true=classes[label],
        predicted=classes[answer],
        confidence=100 * float(shares[answer]),
        right=answer == label,
        bars=_bars(shares, classes, answer, label),
    )


def least_sure(predictions: Sequence[Prediction]) -> Prediction:
    """Return the prediction with the lowest confidence; the first of equals."""
    return min(predictions, key=lambda prediction: prediction.confidence)


def _in_turns(labels: Array, number: int) -> list[int]:
    """Return the first image of each class, then the second of each, and so on."""
    seen = np.zeros(int(np.max(labels, initial=0)) + 1, np.int64)
    chosen: list[tuple[int, int, int]] = []  # turn, label, index
    # In parts, because very many labels may not fit in memory.
    for start in range(0, len(labels), _LABELS):
        own = np.asarray(labels[start : start + _LABELS])
        turns = seen[own] + pd.Series(own).groupby(own).cumcount().to_numpy()
        first = np.lexsort((own, turns))[:number]
        found = zip(turns[first].tolist(), own[first].tolist(), (start + first).tolist(), strict=True)
        chosen = sorted([*chosen, *found])[:number]
        seen += np.bincount(own, minlength=len(seen))
    return [index for _, _, index in chosen]


def _bars(shares: Array, classes: Sequence[str], answer: int, label: int) -> list[Bar]:
    order = list(range(len(classes)))
    if len(classes) > BARS:
        most_probable = np.argsort(-shares, kind="stable")[:BARS].tolist()
        order = list(dict.fromkeys([*most_probable, label]))
    roles = {label: "true", answer: "predicted"}
    return [Bar(classes[place], 100 * float(shares[place]), roles.get(place, "")) for place in order]


def _picture(image: Array, pixels: Pixels, text: str) -> Picture:
    return thumbnail(to_screen(image, pixels), text)
