"""Suspected label errors: labels of images that models did not train on and confidently predict as another class.

Most suspicions of a weak model are its own mistakes; those of a good one are worth a look.
"""

import warnings
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

_LISTED = 20
COLUMNS = ["set", "index", "label", "quality", "looks_like", "probability"]


class Predicted(NamedTuple):
    """A set that no model trained on."""

    labels: NDArray[np.integer[Any]]  # int (images,), as given
    probabilities: NDArray[np.float32]  # float32 (seeds, images, classes)
    places: NDArray[np.integer[Any]] | None = None  # int (images,), their indices in the set; None: from 0


class Doubts(NamedTuple):
    """The suspected label errors."""

    variant: str  # whose trainings judge the labels
    images: int  # the number of judged labels
    likely_errors: int  # the number of labels that cleanlab suspects
    # the most suspicious labels, the worst first: the name of the set, the image's index, the given label, its
    # quality (the mean probability of the given label), the most probable class, and its probability
    table: pd.DataFrame


def merged(splits: Sequence[Predicted]) -> Predicted:
    """Return one set of all images that some model did not train on, with the mean over these models for each.

    Args:
        splits: of each seed its own validation images, with their places in the set of all.
    """
    places = [np.arange(len(each.labels)) if each.places is None else each.places for each in splits]
    known, where, times = np.unique(np.concatenate(places), return_inverse=True, return_counts=True)
    labels = np.empty(len(known), splits[0].labels.dtype)
    labels[where] = np.concatenate([each.labels for each in splits])
    sums = np.zeros((len(known), splits[0].probabilities.shape[2]))
    np.add.at(sums, where, np.concatenate([each.probabilities.mean(axis=0) for each in splits]))
    return Predicted(labels, (sums / times[:, None]).astype(np.float32)[None], known)


def doubts(variant: str, sets: Mapping[Any, Predicted], classes: Sequence[str], listed: int = _LISTED) -> Doubts:
    """Find the labels that a variant's trainings suspect.

    Args:
        variant: its name.
        sets: by name; empty ones are skipped.
        classes: the classes' names.
        listed: the most images to list. An image is listed only if another class is more probable than its label.

    Returns:
        The suspected label errors; none if the images are all of one class.

    Source:
        Northcutt, Jiang and Chuang (2021), Confident learning: estimating uncertainty in dataset labels, Journal of
        Artificial Intelligence Research 70; Kuan and Mueller (2022), Model-agnostic label quality scoring to detect
        real-world label errors, ICML DataPerf workshop (self-confidence). Both by the library cleanlab.
    """
    known = {name: each for name, each in sets.items() if len(each.labels)}
    # cleanlab rejects labels that are all the same.
    if len({label for each in known.values() for label in np.unique(each.labels).tolist()}) < 2:  # noqa: PLR2004
        return Doubts(variant, 0, 0, pd.DataFrame(columns=COLUMNS))
    labels = np.concatenate([each.labels for each in known.values()]).astype(np.int64)
    shares = np.concatenate([each.probabilities.mean(axis=0) for each in known.values()])
    quality, likely_errors = _judged(labels, shares)
    looks_like = shares.argmax(axis=1)
    order = np.argsort(quality, kind="stable")
    order = order[looks_like[order] != labels[order]][:listed]
    names = np.array(classes, dtype=object)
    counts = [len(each.labels) for each in known.values()]
    places = [np.arange(len(each.labels)) if each.places is None else each.places for each in known.values()]
    table = pd.DataFrame(
        {
            "set": np.repeat(list(known), counts)[order],
            "index": np.concatenate(places)[order],
            "label": names[labels[order]],
            "quality": quality[order].round(6),
            "looks_like": names[looks_like[order]],
            "probability": shares[order, looks_like[order]].astype(np.float64).round(6),
        },
        columns=COLUMNS,
    )
    return Doubts(variant, len(labels), likely_errors, table)


def _judged(labels: NDArray[np.int64], shares: NDArray[np.float32]) -> tuple[NDArray[np.float64], int]:
    """Return the quality of each label, in [0, 1], and the number of suspected errors."""
    from cleanlab.filter import find_label_issues  # noqa: PLC0415 - a third of a second, and only here
    from cleanlab.rank import get_label_quality_scores  # noqa: PLC0415

    with warnings.catch_warnings():
        # It warns that it may miss errors in classes with a few images.
        warnings.simplefilter("ignore", UserWarning)
        likely = find_label_issues(labels, shares, n_jobs=1)
        quality = get_label_quality_scores(labels, shares, method="self_confidence")
    return np.asarray(quality, np.float64), int(likely.sum())
