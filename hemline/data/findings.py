"""The output of the normalize stage in ``data/findings/``: suspicious properties of the data, and groups.

Apart from ``data/normalized``, because no training depends on it.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hemline.data.duplicates import Duplicates
from hemline.data.pixels import Pixels
from hemline.errors import writing
from hemline.outputs import Outputs
from hemline.processes.drafts import draft
from hemline.schema import StrictModel, Text
from hemline.words import first_listed, listed

# Networks are made for inputs of about this size; far from it, their first steps are too small or too large.
_SMALLEST, _LARGEST = 0.5, 2.0


class Warnings(StrictModel):
    """``warnings.json``."""

    warnings: list[Text]


class Findings(Outputs):
    """The folder ``data/findings``, or the same at another revision."""

    PATH = Path("data/findings")
    STAGE = "normalize"

    def write(
        self,
        warnings: list[str],
        duplicates: Duplicates,
        groups: Mapping[str, NDArray[np.integer[Any]] | None] = MappingProxyType({}),
    ) -> None:
        """Write the sentences, which test images are in other sets, too, and by set which images count as one."""
        with draft() as new:
            folder = new.folder / "findings"
            folder.mkdir()
            Findings(folder).write_array("test-duplicates.npy", np.stack(duplicates))
            for name, own in groups.items():
                if own is not None:
                    Findings(folder).write_array(f"{name}-groups.npy", own)
            with writing(folder / "warnings.json"):
                (folder / "warnings.json").write_text(Warnings(warnings=warnings).model_dump_json(indent=2) + "\n")
            new.put(folder.name, self.path)

    def warnings(self) -> list[str]:
        """Return the sentences; an ``InputError`` if they are missing, or damaged."""
        return self.read_json("warnings.json", Warnings).warnings

    def duplicates(self, test_images: int) -> Duplicates:
        """Return which of so many test images are in the training or the validation set, too."""
        array, shape = self.read_array("test-duplicates.npy"), (2, test_images)
        if array.dtype != np.bool_ or array.shape != shape:
            rule = f"must be bool {shape}, got {array.dtype} {array.shape}"
            raise self.wrong("test-duplicates.npy", rule)
        return Duplicates(*array)

    def groups(self, images: int, name: str = "test") -> NDArray[np.integer[Any]] | None:
        """Return the group of each image of a set, (n,): of one object or the same pixels; None: no two are."""
        file = f"{name}-groups.npy"
        if not self.has(file):
            return None
        array = self.read_array(file)
        if array.dtype.kind not in "iu" or array.shape != (images,):
            raise self.wrong(file, f"must be integers ({images},), got {array.dtype} {array.shape}")
        return array


def scale_warning(pixels: Pixels, scale: float, most: float = 0) -> str:
    """Say that pixels divided by ``scale`` are not of the size that networks are made for; nothing where they are.

    That is decided by their largest, and by what ``most`` of them do not exceed, where that is known and not 0.
    """
    largest = max(abs(pixels.lowest), abs(pixels.highest))
    if any(_SMALLEST <= each / scale <= _LARGEST for each in (largest, most)):
        return ""
    return (
        f"The largest pixel is {largest:g}, and normalize.scale {scale:g} makes it {largest / scale:.3g}: "
        f"networks learn badly from that; set normalize.scale to {largest:g}."
    )


def class_warnings(labels: Mapping[str, NDArray[np.integer[Any]]], classes: Sequence[str]) -> list[str]:
    """Say which classes have no training, or no test images, by the labels (n,) of each set."""
    sentences = []
    for name, kind in (("train", "training"), ("test", "test")):
        missing = np.flatnonzero(np.bincount(labels[name], minlength=len(classes)) == 0)
        if missing.size:
            named = first_listed([classes[number] for number in missing.tolist()])
            sentences.append(f"{named} {'has' if missing.size == 1 else 'have'} no {kind} images.")
    return sentences


def constant_warning(counts: Mapping[str, int]) -> str:
    """Say how many images have one value in all pixels; ``counts`` are by set."""
    found = [f"{count} {name} image{'s' if count > 1 else ''}" for name, count in counts.items() if count]
    if not found:
        return ""
    verb = "has" if sum(counts.values()) == 1 else "have"
    return f"{listed(found)} {verb} the same value in all pixels: nothing can be learned from that."


def duplicates_warning(duplicates: Duplicates) -> str:
    """Say how many test images are not new to the networks; empty where all of them are."""
    count, total = int(duplicates.found.sum()), len(duplicates.found)
    if not count:
        return ""
    are = "is a training or validation image" if count == 1 else "are training or validation images"
    return f"{count:,} of {total:,} test images {are}, too: accuracies are too high; the report also has those without."
