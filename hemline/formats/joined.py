"""The training and test images of a data set as one part, from which another test set can be drawn."""

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hemline.data.description import CollectedDataset, Dataset, Part, Split
from hemline.data.labels import Labels
from hemline.formats.raw import Raw


class Joined:
    """The parts of ``raw``, but with "train" and "test" as one part "all", in this order."""

    def __init__(self, raw: Raw) -> None:
        """Join the labels; no image is read."""
        self._raw = raw
        self._joined: list[Part] = [part for part in raw.parts if part != "validation"]
        labels = [raw.parts[part] for part in self._joined]
        groups = [each.groups for each in labels if each.groups is not None]
        self.parts: dict[Part, Labels] = {part: raw.parts[part] for part in raw.parts if part == "validation"}
        self.parts["all"] = Labels(
            np.concatenate([each.codes for each in labels]),
            labels[0].values,
            np.concatenate(groups) if len(groups) == len(labels) else None,
        )

    def batches(self, part: Part) -> Iterator[NDArray[Any]]:
        """Yield the images of a part, as ``Raw.batches`` does."""
        for each in self._joined if part == "all" else [part]:
            yield from self._raw.batches(each)


def redrawn(raw: Raw, dataset: Dataset, seed: int) -> tuple[Joined, Split]:
    """Return the images as one part, and the split that draws a test set of the usual size from them with ``seed``."""
    if isinstance(dataset, CollectedDataset) and dataset.split:
        return Joined(raw), Split(test=dataset.split.test, seed=seed)
    sizes = {part: len(raw.parts[part].codes) for part in raw.parts}
    return Joined(raw), Split(test=sizes["test"] / (sizes["train"] + sizes["test"]), seed=seed)
