"""The roles of a user's arrays (images, labels or groups of a part), by their names, then their axes."""

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

import numpy as np

from hemline.data.description import Part
from hemline.data.labels import natural_key
from hemline.data.parts import part_in, part_of, words_of
from hemline.errors import InputError
from hemline.images.stored import ArrayInFile, OpenArray
from hemline.words import either, first_listed, option

NUMBERS = "buif"  # NumPy's kinds of what pixels may be
# What arrays are called, the likelier names first.
_KINDS = {
    "images": ("images", "image", "imgs", "img", "x", "data", "features", "pixels", "dataset"),
    "labels": ("labels", "label", "y", "targets", "target", "classes", "class"),
    "groups": ("groups", "group"),
}
_NO_WORDS = re.compile(r"ubyte|arr|set|int|idx\d?|npy|gz|\d+")
_WEAK = 100  # the rank of a name that ends with a usual one


class Arrays(NamedTuple):
    """The arrays of some images of a part."""

    images: ArrayInFile
    labels: ArrayInFile
    groups: ArrayInFile | None = None


class _Named(NamedTuple):
    """An array, the part that its name or its file's tells, its kind, and how likely that is, 0 the most."""

    array: ArrayInFile
    part: Part
    kind: str
    rank: int


def by_keys(stored: Sequence[ArrayInFile], keys: Mapping[Part, Sequence[str]]) -> dict[Part, list[Arrays]]:
    """Return the images and labels of each part that the user names; an ``InputError`` if there is none of a name."""
    by_key = {_key(array): array for array in stored} | {array.key: array for array in stored}
    for key in (key for names in keys.values() for key in names):
        if key not in by_key:
            raise InputError(f"options.keys: must be of {sorted(by_key)}, got {key!r}")
    return {part: [Arrays(by_key[images], by_key[labels])] for part, (images, labels) in keys.items()}


def by_names(
    held: Sequence[tuple[Part | None, Sequence[ArrayInFile]]], groups: str | None = None
) -> dict[Part, list[Arrays]]:
    """Return the images and labels of each part, by names or else by the number of axes; nothing where neither tells.

    Args:
        held: of each file, the part that it is said to be for, and its arrays.
        groups: the name of the array of groups.

    Raises:
        InputError: several arrays may be the images, or the labels.
    """
    found: dict[Part, list[_Named]] = defaultdict(list)
    for named in _meanings(held, groups):
        found[named.part].append(named)
    pairs = {part: arrays for part, each in found.items() if (arrays := _pairs(each))}
    if set(pairs) == {"test", "all"}:
        pairs["train"] = pairs.pop("all")
    if len(pairs) > 1:
        pairs.pop("all", None)
    stored = [array for _, arrays in held for array in arrays]
    return pairs or (_by_rank(stored) if stored else {})


def by_files(stored: Sequence[ArrayInFile]) -> list[Arrays]:
    """Return every array with its file's name as the labels, without what all names begin with."""
    stems = {array: _stem(array) for array in sorted(stored, key=lambda each: natural_key(each.path.name))}
    first, last = min(stems.values()), max(stems.values())  # what these begin with, all do
    same = next((n for n, (a, b) in enumerate(zip(first, last, strict=False)) if a != b), min(len(first), len(last)))
    start = len(re.match(r"^(.*[ _.-])?", first[:same])[0])  # type: ignore[index] # it matches anything
    labels = {array: np.full(array.shape[0], stem[start:].strip()) for array, stem in stems.items()}
    return [Arrays(array, OpenArray(array.path, array.path.name, each)) for array, each in labels.items()]


def may_be_classes(held: Sequence[Sequence[ArrayInFile]]) -> bool:
    """Say whether each of several files may be a class: one array of images, and names that tell no part or kind."""
    known = {name for names in _KINDS.values() for name in names}
    return len(held) > 1 and all(
        len(arrays) == 1
        and len(arrays[0].shape) > 1
        and arrays[0].dtype.kind in NUMBERS
        and not any(part_of(word) or word in known for word in words_of(_stem(arrays[0])))
        for arrays in held
    )


def may_be_pictures(stored: Sequence[ArrayInFile]) -> bool:
    """Say whether files that may be classes may be single images: of one shape, square or with few rows."""
    shape = stored[0].shape
    return len({array.shape for array in stored}) == 1 and (shape[0] == shape[1] or len(stored) > shape[0])


def unknown(stored: Sequence[ArrayInFile]) -> InputError:
    """Return the error that says which arrays there are, and how to say which of them are what."""
    files = ", ".join(sorted({str(array.path) for array in stored})) or "no file"
    rule = "must hold images and labels, called as in x_train, y_train, or images, labels"
    images = [array for array in stored if len(array.shape) > 1 and array.dtype.kind in NUMBERS]
    flat = [array for array in stored if len(array.shape) == 1]
    if flat and not images:
        rule = f"hold no array of images, but {first_listed(sorted(map(_key, stored)))}"
        remedy = "if these are of pictures in the order of their names, write a table `file_name,label` of both, as CSV"
        return InputError(f"{files}: {rule}; {remedy}")
    pairs = [(image, label) for image in images for label in flat if label.shape == image.shape[:1]]
    remedy = either("keys", [{"all": [_key(image), _key(label)]} for image, label in pairs[:4]])
    remedy = remedy or option("keys", {part: ["<images>", "<labels>"] for part in ("train", "test")})
    if images and len(stored) == 1:
        return InputError(f"{files}: {rule}, got one array; save the labels beside it: `np.save('labels.npy', labels)`")
    return InputError(f"{files}: {rule}, got {sorted(map(_key, stored))}; say which they are by {remedy}")


def _meanings(held: Sequence[tuple[Part | None, Sequence[ArrayInFile]]], groups: str | None) -> Iterator[_Named]:
    """Yield what each array's name tells, words aside that all names have."""
    names = [(part, array, _name(array, len(arrays))) for part, arrays in held for array in arrays]
    common = set.intersection(*(set(words_of(name)) for _, _, name in names)) if len(names) > 1 else set()
    wanted = words_of(groups) if groups is not None else None
    for said, array, name in names:
        words = words_of(name)
        part = part_in(name) or said or part_in(_stem(array)) or "all"
        rest = [word for word in words if not (part_of(word) or word in common or _NO_WORDS.fullmatch(word))]
        kind = ("groups", -1) if words == wanted else _kind(rest or [word for word in words if word in common])
        if kind is not None:
            yield _Named(array, part, *kind)


def _name(array: ArrayInFile, count: int) -> str:
    """Return what tells an array's meaning: its key; of a file with one, the file's name, too."""
    stem = _stem(array)
    if count > 1 or array.key in {stem, array.path.name}:
        return array.key if array.key != array.path.name else stem
    return f"{stem} {array.key}" if array.key.lower() not in stem.lower() else stem


def _kind(words: Sequence[str]) -> tuple[str, int] | None:
    whole, last = "_".join(words), words[-1] if words else ""
    for rank, name, kinds in ((0, whole, _KINDS), (_WEAK, last, {k: _KINDS[k] for k in ("images", "labels")})):
        for kind, names in kinds.items():
            if name in names:
                return kind, rank + names.index(name)
    return None


def _pairs(named: Sequence[_Named]) -> list[Arrays]:
    """Return the images of a part with their labels; those of several files if their names differ in numbers only."""
    kinds: dict[str, list[_Named]] = {"images": [], "labels": [], "groups": []}
    for each in named:
        if each.array.shape:
            kinds[each.kind].append(each)
    if not (kinds["images"] and kinds["labels"]):
        return []
    images = _likeliest_images(kinds["images"])
    found = []
    for image in images:
        beside = [each for each in kinds["labels"] if len(images) == 1 or _shard(each.array) == _shard(image)]
        fitting = [each for each in beside if each.array.shape[0] == _count(image, each.array)] or beside
        if not fitting:
            return []
        grouped = [each for each in kinds["groups"] if each.array.shape[:1] == image.shape[:1]]
        groups = min(grouped, key=lambda each: each.rank).array if grouped else None
        found.append(Arrays(image, _likeliest_labels(fitting, image), groups))
    return found


def _count(images: ArrayInFile, labels: ArrayInFile) -> int:
    """Return the number of images, which MATLAB's files have as the last axis."""
    return images.shape[-1] if images.shape[0] != labels.shape[0] == images.shape[-1] else images.shape[0]


def _likeliest_images(named: Sequence[_Named]) -> list[ArrayInFile]:
    """Return the likeliest, or those of all files where each has one; an ``InputError`` if there are several."""
    rank = min(each.rank for each in named)
    best = [each.array for each in named if each.rank == rank]
    names = {re.sub("[0-9]+", "", f"{array.path.name} {array.key}") for array in best}
    if len({_shard(array) for array in best}) == len(best) and len(names) == 1:
        return sorted(best, key=lambda array: natural_key(array.path.name))
    same = [array for array in best if array.shape[:1] == best[0].shape[:1]]
    if len(same) > 1:
        raise _several("images", named[0].part, [(array, "<labels>") for array in same])
    return best[:1]


def _likeliest_labels(named: Sequence[_Named], images: ArrayInFile) -> ArrayInFile:
    """Return the likeliest; an ``InputError`` if others have other labels."""
    best = min(named, key=lambda each: each.rank).array
    same = [each.array for each in named if each.array.shape[:1] == best.shape[:1]]
    others = [each for each in same if each is not best and not np.array_equal(each.whole(), best.whole())]
    if others:
        raise _several("labels", named[0].part, [(images, _key(array)) for array in [best, *others]])
    return best


def _several(what: str, part: Part, pairs: Sequence[tuple[ArrayInFile, str]]) -> InputError:
    which = either("keys", [{part: [_key(images), labels]} for images, labels in pairs[:4]])
    return InputError(f"{pairs[0][0].path}: several arrays may be the {what}: say which: {which}")


def _by_rank(arrays: Sequence[ArrayInFile]) -> dict[Part, list[Arrays]]:
    """Take the one of two arrays that has one axis for the labels, and the other for the images."""
    labels, *images = sorted(arrays, key=lambda array: len(array.shape))
    return {"all": [Arrays(images[0], labels)]} if len(images) == 1 == len(labels.shape) < len(images[0].shape) else {}


def _stem(array: ArrayInFile) -> str:
    return array.path.name.partition(".")[0]


def _shard(array: ArrayInFile) -> str:
    return "".join(re.findall("[0-9]+", _stem(array)))


def _key(array: ArrayInFile) -> str:
    stem = _stem(array)
    return stem if array.key in {array.path.name, stem} or array.key.startswith("arr_") else array.key
