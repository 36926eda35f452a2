"""NumPy's files: an ``.npz`` that holds images and labels, or a folder of ``.npy`` or ``.npz`` files.

The names of the arrays say what they are: ``x_train`` and ``y_train``, ``test_images`` and ``test_labels``, ``images``
and ``labels``, and what else is usual; the option ``keys`` names others. Of ``.npy`` files, they are the files' names.
Nothing is unpickled. Arrays are read as streams, so memory holds some images at a time, packed or not.
"""

import math
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from hemline.data.description import Part
from hemline.data.labels import check_classes, encode, plain
from hemline.data.parts import part_of, settled
from hemline.errors import InputError
from hemline.formats.format import Format, Found, Labels, Located, RowsSource, Source
from hemline.images.layout import as_images
from hemline.images.numpy_file import StoredArray, arrays_of, is_npz
from hemline.schema import Count, StrictModel

# What arrays are called, the likelier names first.
_KINDS = {
    "images": ("images", "image", "imgs", "img", "x", "data", "features", "pixels"),
    "labels": ("labels", "label", "y", "targets", "target", "classes", "class"),
    "groups": ("groups", "group"),
}
_WORDS = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|[0-9]+")
_CHUNK = 2**24  # bytes of images that are read at a time
_NUMBERS = "buif"


class ArraysOptions(StrictModel):
    """What the names of the arrays do not tell.

    Attributes:
        keys: by part, the names of the images and of the labels.
        groups: the name of what numbers the objects, as ``images`` is that of the images.
        shape: height and width, and channels if any, of images that are stored as rows.
    """

    keys: dict[Part, Annotated[list[str], Field(min_length=2, max_length=2)]] | None = None
    groups: str | None = None
    shape: Annotated[list[Count], Field(min_length=2, max_length=3)] | None = None


class _Arrays(NamedTuple):
    images: StoredArray
    labels: StoredArray
    groups: StoredArray | None


class ArraysSource(RowsSource):
    """Images and labels in arrays."""

    def __init__(self, parts: Mapping[Part, _Arrays], shape: tuple[int, ...] | None) -> None:
        self._arrays = settled(parts)
        self._shape = shape
        for arrays in self._arrays.values():
            _check(arrays)
        types = {arrays.images.dtype.name for arrays in self._arrays.values()}
        if len(types) > 1:
            titles = [arrays.images.title for arrays in self._arrays.values()]
            raise InputError(f"{', '.join(titles)}: images must be of one type, got {sorted(types)}")

    def parts(self) -> dict[Part, Labels]:
        """See ``Source``."""
        return self._labels

    def rows(self, part: Part) -> Iterator[NDArray[Any]]:
        """See ``RowsSource``."""
        images = self._arrays[part].images
        row = math.prod(images.shape[1:]) * images.dtype.itemsize
        for rows in images.rows(max(1, _CHUNK // row)):
            try:
                yield as_images(rows, self._shape)
            except InputError as error:
                raise InputError(f"{images.title}: {error}") from None

    def stored_type(self) -> np.dtype[Any]:
        """See ``RowsSource``."""
        return next(iter(self._arrays.values())).images.dtype

    def name(self, part: Part, index: int) -> str:
        """See ``Source``."""
        return f"{self._arrays[part].images.title}[{index}]"

    @cached_property
    def _labels(self) -> dict[Part, Labels]:
        codes, values = encode({part: _plain_labels(arrays.labels) for part, arrays in self._arrays.items()})
        try:
            check_classes(codes, values)
        except InputError as error:
            raise InputError(f"{next(iter(self._arrays.values())).labels.title}: {error}") from None
        kept = {part: arrays.groups for part, arrays in self._arrays.items() if arrays.groups is not None}
        groups, _ = encode({part: _plain_labels(array) for part, array in kept.items()})
        return {part: Labels(each, values, groups.get(part)) for part, each in codes.items()}


class ArraysFormat(Format):
    """See the module."""

    Options = ArraysOptions

    def find(self, path: Path) -> Found | None:
        """See ``Format``."""
        if path.is_dir():
            return _find_in_folder(path)
        if path.suffix.lower() == ".npy":
            raise InputError(f"{path}: is one array; name the folder that holds those of images and of labels")
        if not is_npz(path):
            return None
        arrays_of(path)  # what they are called is a matter of options
        return Found([Located(path)])

    def open(self, files: Sequence[Located], options: StrictModel) -> Source:
        """See ``Format``."""
        assert isinstance(options, ArraysOptions)  # noqa: S101 - by `Options`
        shape = tuple(options.shape) if options.shape else None
        return ArraysSource(_matched(_stored(files), options), shape)


def _find_in_folder(path: Path) -> Found | None:
    files = [Located(each) for each in sorted(path.iterdir()) if each.suffix.lower() in {".npy", ".npz"}]
    if not files:
        return None
    try:
        matched = _matched(_stored(files), ArraysOptions())
    except InputError:
        if any(each.is_dir() for each in path.iterdir()):  # where the images of another format may be
            return None
        raise
    used = {array.path for arrays in matched.values() for array in arrays if array is not None}
    return Found([file for file in files if file.path in used])


def _stored(files: Sequence[Located]) -> dict[StoredArray, Part | None]:
    """Return all arrays of the files, and which part each belongs to as far as the file's name tells."""
    found: dict[StoredArray, Part | None] = {}
    for file in files:
        part = file.part or next(filter(None, map(part_of, _WORDS.findall(file.path.stem))), None)
        found.update(dict.fromkeys(arrays_of(file.path), part))
    return found


def _matched(stored: Mapping[StoredArray, Part | None], options: ArraysOptions) -> dict[Part, _Arrays]:
    """Tell which arrays are the images and the labels of each part."""
    if options.keys is not None:
        return {part: _named(stored, keys) for part, keys in options.keys.items()}
    found: dict[Part, dict[str, list[tuple[int, StoredArray]]]] = defaultdict(lambda: defaultdict(list))
    for array, part in stored.items():
        own, kind, rank = _meaning(array.key, options.groups)
        if kind:
            found[own or part or "all"][kind].append((rank, array))
    pairs = {part: _best(kinds) for part, kinds in found.items() if {"images", "labels"} <= set(kinds)}
    if len(pairs) > 1:
        pairs.pop("all", None)
    pairs = pairs or _by_rank(list(stored))
    if pairs:
        return pairs
    files = ", ".join(sorted({str(array.path) for array in stored})) or "no file"
    rule = "must hold images and labels, called as in x_train, y_train, or images, labels"
    remedy = "say which they are by `--option 'keys={train: [<images>, <labels>], test: [<images>, <labels>]}'`"
    raise InputError(f"{files}: {rule}, got {sorted(array.key for array in stored)}; {remedy}")


def _meaning(key: str, groups: str | None) -> tuple[Part | None, str | None, int]:
    """Return which part and what a name tells, and how likely that is, 0 the most."""
    words = _WORDS.findall(key.rpartition("/")[2])
    part: Part | None = next(filter(None, map(part_of, words)), None)
    rest = "_".join(word.lower() for word in words if not part_of(word))
    if groups is not None and rest == "_".join(_WORDS.findall(groups)).lower():
        return part, "groups", -1
    for kind, names in _KINDS.items():
        if rest in names:
            return part, kind, names.index(rest)
    return part, None, 0


def _best(kinds: Mapping[str, list[tuple[int, StoredArray]]]) -> _Arrays:
    best = {kind: min(arrays, key=lambda each: each[0])[1] for kind, arrays in kinds.items()}
    return _Arrays(best["images"], best["labels"], best.get("groups"))


def _by_rank(arrays: Sequence[StoredArray]) -> dict[Part, _Arrays]:
    """Take the one of two arrays that has one axis for the labels, and the other for the images."""
    if len(arrays) != 2:  # noqa: PLR2004 - images and labels
        return {}
    labels, images = sorted(arrays, key=lambda array: len(array.shape))
    if len(labels.shape) == 1 < len(images.shape):
        return {"all": _Arrays(images, labels, None)}
    return {}


def _named(stored: Mapping[StoredArray, Part | None], keys: Sequence[str]) -> _Arrays:
    by_key = {array.key: array for array in stored}
    for key in keys:
        if key not in by_key:
            raise InputError(f"options.keys: must be of {sorted(by_key)}, got {key!r}")
    return _Arrays(by_key[keys[0]], by_key[keys[1]], None)


def _check(arrays: _Arrays) -> None:
    images, labels, groups = arrays
    if len(images.shape) < 2 or 0 in images.shape:  # noqa: PLR2004 - images, pixels
        raise InputError(f"{images.title}: images must be (n, height, width) or so, got {images.shape}")
    if images.dtype.kind not in _NUMBERS:
        raise InputError(f"{images.title}: pixels must be numbers, got {images.dtype}")
    for array in filter(None, (labels, groups)):
        if array.dtype.hasobject:  # nothing is unpickled
            raise InputError(f"{array.title}: must be numbers or text, got Python objects; save it with a type")
        if array.shape[:1] != images.shape[:1]:
            rule = f"must be {images.shape[0]}, one for each of {images.title}"
            raise InputError(f"{array.title}: {rule}, got {array.shape[0] if array.shape else 1}")


def _plain_labels(array: StoredArray) -> NDArray[Any]:
    """Return labels (n,), integers or text; one-hot rows become the places of their ones."""
    labels = array.whole()
    if labels.ndim > 1:
        labels = labels.reshape(len(labels), -1)
        if labels.shape[1] != 1:
            ones = labels == 1
            if not ((ones.sum(axis=1) == 1) & ((labels == 0).sum(axis=1) == labels.shape[1] - 1)).all():
                raise InputError(f"{array.title}: must be one label for each image, got shape {array.shape}")
            return np.asarray(ones.argmax(axis=1))
        labels = labels[:, 0]
    try:
        return plain(labels)
    except InputError as error:
        raise InputError(f"{array.title}: {error}") from None


FORMAT = ArraysFormat()
