"""The part of a data set that the name of a folder, a file or a value stands for, and the meaning of all together."""

import re
from collections.abc import Collection, Mapping, Sequence
from typing import TypeVar

from hemline.data.description import Part

T = TypeVar("T")
_WORDS = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|[0-9]+")
_PARTS: dict[str, Part] = {
    **dict.fromkeys(("train", "training", "trainval", "trn", "tr"), "train"),
    **dict.fromkeys(("validation", "valid", "validate", "val", "vld", "dev", "eval", "evaluation"), "validation"),
    **dict.fromkeys(("test", "testing", "tst", "te", "ts", "heldout", "holdout"), "test"),
}
_COMPOUND = re.compile(rf"({'|'.join(_PARTS)})s?(set|data|daten|images?|imgs?|pictures|samples|folder|dir|split)")


def part_of(word: str) -> Part | None:
    """Return the part that a word names in any letter case, None where it names none."""
    word = word.strip().lower()
    compound = _COMPOUND.fullmatch(word)  # testset, traindata
    return _PARTS.get(compound[1] if compound else word)


def words_of(name: str) -> list[str]:
    """Split a name at its signs, its digits and its capitals: `trainImages_2` is train, images, 2."""
    return [word.lower() for word in _WORDS.findall(name)]


def parts_in(name: str) -> set[Part]:
    """Return every part that a word of a name names."""
    words = [*words_of(name), *re.findall(r"[^\W\d_]+", name)]
    return {part for word in words if (part := part_of(word))}


def part_in(name: str) -> Part | None:
    """Return the part that a name such as `seg_train` or `test1` names; `train_eval` is seen by a training."""
    found = parts_in(name)
    if not found and "t10k" in name.lower():  # as MNIST's test set is called
        return "test"
    if found == {"train", "validation"}:
        return "train"
    return found.pop() if len(found) == 1 else "test" if found == {"test", "validation"} else None


def part_in_path(names: Sequence[str]) -> Part | None:
    """Return the part that the last of some names tells: a file's own name before its folders'."""
    return next((part for name in reversed(names) if (part := part_in(name))), None)


def told_of(parts: Collection[Part | None]) -> list[str]:
    """Return in a sentence what ``settled`` makes of the parts that a data set has, where that is not what they say."""
    if "validation" in parts and "test" not in parts:
        return ["No test set with labels is given: the validation set is taken as the test set."]
    return []


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
