"""Which part of a data set a folder, a file or a column's value names, and what the parts together mean."""

from collections.abc import Mapping
from typing import TypeVar

from hemline.data.description import Part

T = TypeVar("T")
_PARTS: dict[str, Part] = {
    "train": "train",
    "training": "train",
    "validation": "validation",
    "valid": "validation",
    "val": "validation",
    "dev": "validation",
    "test": "test",
    "testing": "test",
}


def part_of(word: str) -> Part | None:
    """Return the part that a word names in any letter case, None where it names none."""
    return _PARTS.get(word.strip().lower())


def settled(parts: Mapping[Part, T]) -> dict[Part, T]:
    """Return the parts as Hemline knows them: train and test, perhaps validation between them; or all.

    Images for training alone are all that there are. Where there is a validation set and no test set, the one that is
    called so is the only one held back, as with ImageNet: it becomes the test set.
    """
    if set(parts) == {"train"}:
        return {"all": parts["train"]}
    if set(parts) == {"train", "validation"}:
        return {"train": parts["train"], "test": parts["validation"]}
    order: tuple[Part, ...] = ("train", "validation", "test", "all")
    return {part: parts[part] for part in order if part in parts}
