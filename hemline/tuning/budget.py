"""The budget of a search: how many trials it has, so that all variants have equally much."""

from collections.abc import Iterator
from itertools import islice
from math import ceil, prod
from typing import NamedTuple

from hemline.data.normalized import Normalized
from hemline.families.family import FamilySettings
from hemline.families.registry import family_of
from hemline.families.space import Scalar
from hemline.tuning.sampling import draw
from hemline.tuning.search import Search

# Of one search: as many as tuning.trials may say.
MOST_TRIALS = 10_000


class Size(NamedTuple):
    """The size of the training set."""

    images: int
    pixels: int  # numbers of an image
    classes: int

    @classmethod
    def of_data(cls, data: Normalized) -> "Size":
        """Return the size of what the stage normalize has written."""
        images = data.images("train")
        return cls(len(images), prod(images.shape[1:]), len(data.about().classes))


def planned(search: Search, size: Size) -> list[list[dict[str, Scalar]]]:
    """Return the settings of all trials of each search.

    With a budget of updates or seconds, a search draws trials until the next would exceed it. The amount is that of
    ``search.trials`` trainings of the costliest searched variant with its own settings; the first trial always belongs
    to a search. Seconds are estimates: measured ones would differ from run to run.
    """
    return [_within(search, draw(search, repeat), size) for repeat in range(search.repeats)]


def updates_of(settings: FamilySettings, images: int, epochs: int) -> int:
    """Return how often a training of so many epochs changes the weights: 0 times in a family without batches."""
    batch_size = getattr(settings, "batch_size", None)
    return epochs * ceil(images / batch_size) if batch_size else 0


def _within(search: Search, drawn: Iterator[dict[str, Scalar]], size: Size) -> list[dict[str, Scalar]]:
    if search.budget == "trials":
        return list(islice(drawn, search.trials))
    left = search.trials * max(_cost(each, search, size) for each in search.searched)
    found: list[dict[str, Scalar]] = []
    for each in islice(drawn, MOST_TRIALS):
        left -= _cost(search.training(each), search, size)
        if left < 0 and found:
            break
        found.append(each)
    return found


def _cost(settings: FamilySettings, search: Search, size: Size) -> float:
    family = family_of(settings)
    if search.budget == "updates":
        return updates_of(settings, size.images, family.epochs(settings))
    return family.seconds(settings, *size)
