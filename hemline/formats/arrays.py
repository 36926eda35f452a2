"""Arrays of images and labels: NumPy's, IDX, MATLAB's, HDF5 and CIFAR's files, one of them or a folder.

The names of the arrays, or of the files where each holds one, say what they are: ``x_train`` and ``y_train``,
``test_images`` and ``test_labels``, ``images`` and ``labels``, and what else is usual; the option ``keys`` names
others. Where every file is a class, as in Quick, Draw!, the files' names are the labels. Arrays are read as streams,
so memory holds some images at a time, packed or not.
"""

import math
import os
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
from hemline.data.labels import Case, check_classes, encode, natural_key, plain
from hemline.data.parts import part_in, part_of, settled, told_of, words_of
from hemline.errors import InputError
from hemline.formats.format import Format, Found, Labels, Located, RowsSource, Source
from hemline.formats.idx import find_four
from hemline.images.array_file import ArrayInFile, OpenArray, arrays_in, is_array_file
from hemline.images.layout import as_images
from hemline.schema import Count, StrictModel

# What arrays are called, the likelier names first.
_KINDS = {
    "images": ("images", "image", "imgs", "img", "x", "data", "features", "pixels", "dataset"),
    "labels": ("labels", "label", "y", "targets", "target", "classes", "class"),
    "groups": ("groups", "group"),
}
_NO_WORDS = frozenset({"ubyte", "arr", "set", "int", "idx", "npy", "gz"})
_CHUNK = 2**24  # bytes of images that are read at a time
_NUMBERS = "buif"
_WEAK = 100  # the rank of a name that ends with a usual one


class ArraysOptions(StrictModel):
    """What the names of the arrays do not tell.

    Attributes:
        keys: by part, the names of the images and of the labels.
        groups: the name of what numbers the objects, as ``images`` is that of the images.
        shape: height and width, and channels behind or before them, of images that are stored as rows.
        transpose: whether rows and columns of each image are exchanged, as EMNIST's are.
        column: of labels in several columns, the one that is the class.
        by_file: whether each file is a class, whose name its own is.
        case: whether classes that differ in letter case only are the same.
    """

    keys: dict[Part, Annotated[list[str], Field(min_length=2, max_length=2)]] | None = None
    groups: str | None = None
    shape: Annotated[list[Count], Field(min_length=2, max_length=3)] | None = None
    transpose: bool = False
    column: Annotated[int, Field(ge=0)] | None = None
    by_file: bool = False
    case: Case | None = None


class _Arrays(NamedTuple):
    images: ArrayInFile
    labels: ArrayInFile
    groups: ArrayInFile | None


class _Named(NamedTuple):
    """An array, the part that its name or its file's tells, its kind, and how likely that is, 0 the most."""

    array: ArrayInFile
    part: Part
    kind: str | None
    rank: int


class ArraysSource(RowsSource):
    """Images and labels in arrays."""

    def __init__(self, parts: Mapping[Part, Sequence[_Arrays]], options: ArraysOptions) -> None:
        self._arrays = {part: [_aligned(each) for each in arrays] for part, arrays in settled(parts).items()}
        self._options = options
        every = [arrays for each in self._arrays.values() for arrays in each]
        for arrays in every:
            _check(arrays)
        types = {arrays.images.dtype.name for arrays in every}
        if len(types) > 1:
            titles = [arrays.images.title for arrays in every]
            raise InputError(f"{', '.join(titles)}: images must be of one type, got {sorted(types)}")

    def parts(self) -> dict[Part, Labels]:
        """See ``Source``."""
        return self._labels

    def rows(self, part: Part) -> Iterator[NDArray[Any]]:
        """See ``RowsSource``."""
        shape = tuple(self._options.shape) if self._options.shape else None
        for images, _, _ in self._arrays[part]:
            row = math.prod(images.shape[1:]) * images.dtype.itemsize
            for rows in images.rows(max(1, _CHUNK // row)):
                try:
                    arranged = as_images(rows, shape)
                except InputError as error:
                    raise InputError(f"{images.title}: {error}") from None
                yield np.swapaxes(arranged, 1, 2) if self._options.transpose else arranged

    def stored_type(self) -> np.dtype[Any]:
        """See ``RowsSource``."""
        return next(iter(self._arrays.values()))[0].images.dtype

    def name(self, part: Part, index: int) -> str:
        """See ``Source``."""
        for arrays in self._arrays[part]:
            if index < arrays.images.shape[0]:
                return f"{arrays.images.title}[{index}]"
            index -= arrays.images.shape[0]
        raise IndexError(index)

    @cached_property
    def _labels(self) -> dict[Part, Labels]:
        column = self._options.column
        try:
            codes, values = encode(
                {
                    part: _joined([_plain_labels(each.labels, column) for each in arrays])
                    for part, arrays in self._arrays.items()
                },
                case=self._options.case,
            )
            check_classes(codes, values)
        except InputError as error:
            first = next(iter(self._arrays.values()))[0].labels.title
            raise InputError(str(error) if str(error).startswith(first) else f"{first}: {error}") from None
        kept = {
            part: _joined([_plain_labels(each.groups, None) for each in arrays if each.groups is not None])
            for part, arrays in self._arrays.items()
            if arrays[0].groups is not None
        }
        groups, _ = encode(kept, case="keep")
        return {part: Labels(each, values, groups.get(part)) for part, each in codes.items()}


class ArraysFormat(Format):
    """See the module."""

    Options = ArraysOptions

    def find(self, path: Path, options: StrictModel) -> Found | None:
        """See ``Format``."""
        assert isinstance(options, ArraysOptions)  # noqa: S101 - by `Options`
        if path.is_dir():
            return _find_in_folder(path, options)
        if not is_array_file(path):
            return None
        arrays = arrays_in(path)
        if len(arrays) == 1 and path.suffix.lower() != ".npz":
            raise InputError(f"{path}: is one array; name the folder that holds those of images and of labels")
        return _found([Located(path)], options)

    def open(self, files: Sequence[Located], options: StrictModel) -> Source:
        """See ``Format``."""
        assert isinstance(options, ArraysOptions)  # noqa: S101 - by `Options`
        return ArraysSource(_matched(files, options)[0], options)


def _find_in_folder(path: Path, options: ArraysOptions) -> Found | None:
    if find_four(path):
        return None  # of the MNIST family, whose description names its four files
    folders: dict[Path, list[Path]] = defaultdict(list)
    for top, inside, names in os.walk(path):
        inside[:] = sorted(name for name in inside if not name.startswith("."))
        folders[Path(top)] += [file for name in sorted(names) if is_array_file(file := Path(top) / name)]
    held = {folder: files for folder, files in folders.items() if files}
    if not held:
        return None
    if path not in held and len(held) > 1:
        named = ", ".join(str(folder.relative_to(path)) for folder in list(held)[:4])
        rule = "arrays lie in several folders"
        raise InputError(
            f"{path}: {rule} ({named}); put them into one, called as in x_train.npy, y_train.npy, x_test.npy"
        )
    return _found([Located(file) for file in held.get(path) or next(iter(held.values()))], options)


def _found(files: Sequence[Located], options: ArraysOptions) -> Found:
    parts, options, told = _matched(files, options), *_advice(files, options)
    used = {array.path for arrays in parts[0].values() for each in arrays for array in each if array is not None}
    said = options.model_dump(exclude_defaults=True) | ({"by_file": True} if parts[1] else {})
    for part, arrays in settled(parts[0]).items():
        titles = dict.fromkeys(
            f"{each.images.title.rpartition('/')[2]} and {each.labels.title.rpartition('/')[2]}" for each in arrays
        )
        if not parts[1]:
            told.append(f"The images and labels of {part}: {', '.join(titles)}.")
    told += told_of(parts[0])
    if parts[1]:
        told.append("Each file is a class, called as the file is: no array has labels.")
    aside = {file.path.name: "holds no array of images or labels" for file in files if file.path not in used}
    return Found([file for file in files if file.path in used], said, told, aside)


def _advice(files: Sequence[Located], options: ArraysOptions) -> tuple[ArraysOptions, list[str]]:
    """Return options that some published sets need, and what is known of them."""
    names = " ".join(file.path.name.lower() for file in files)
    told = []
    if "emnist" in names and not options.transpose:
        told.append("EMNIST's images lie on their side as they are published; `--option transpose=true` turns them up.")
    elif ".mat" in names and not options.transpose:
        told.append(
            "MATLAB counts columns first: if images lie on their side, `--option transpose=true` turns them up."
        )
    if "qmnist" in names and options.column is None:
        options = options.model_copy(update={"column": 0})
        told.append("QMNIST's labels have eight columns; the first is the class.")
    return options, told


def _matched(files: Sequence[Located], options: ArraysOptions) -> tuple[dict[Part, list[_Arrays]], bool]:
    """Tell which arrays are the images and the labels of each part, and whether each file is a class."""
    held = {file: arrays_in(file.path) for file in files}
    stored = [array for arrays in held.values() for array in arrays]
    if options.keys is not None:
        return {part: [_by_key(stored, keys)] for part, keys in options.keys.items()}, False
    if options.by_file:
        return {"all": _of_files(stored)}, True
    found: dict[Part, list[_Named]] = defaultdict(list)
    for named in _meanings(held, options.groups):
        found[named.part].append(named)
    pairs = {part: arrays for part, each in found.items() if (arrays := _pairs(each))}
    if set(pairs) == {"test", "all"}:
        pairs["train"] = pairs.pop("all")
    if len(pairs) > 1:
        pairs.pop("all", None)
    pairs = pairs or _by_rank(stored)
    if pairs:
        return pairs, False
    if len(held) > 1 and all(map(_is_class, held.values())) and not any(parts_named(array) for array in stored):
        return {"all": _of_files(stored)}, True
    raise _unknown(stored)


def _meanings(held: Mapping[Located, Sequence[ArrayInFile]], groups: str | None) -> Iterator[_Named]:
    """Yield what each array's name tells, words aside that all names have."""
    names = {id(array): _name(array, len(arrays)) for arrays in held.values() for array in arrays}
    words = {key: [word.lower() for word in words_of(name)] for key, name in names.items()}
    common = set.intersection(*map(set, words.values())) if len(words) > 1 else set()
    wanted = "_".join(words_of(groups)).lower() if groups is not None else None
    for file, arrays in held.items():
        for array in arrays:
            own = part_in(names[id(array)])
            part = own or file.part or part_in(file.path.name.partition(".")[0]) or "all"
            skipped = common | _NO_WORDS
            rest = [
                w
                for w in words[id(array)]
                if not (part_of(w) or w in skipped or w.isdigit() or re.fullmatch(r"idx\d?", w))
            ]
            if wanted is not None and "_".join(words[id(array)]) == wanted:
                yield _Named(array, part, "groups", -1)
                continue
            kind, rank = _kind(rest or [w for w in words[id(array)] if w in common])
            yield _Named(array, part, kind, rank)


def _name(array: ArrayInFile, count: int) -> str:
    """Return what tells an array's meaning: its key; of a file with one, the file's name, too."""
    stem = array.path.name.partition(".")[0]
    if count > 1 or array.key in {stem, array.path.name}:
        return array.key if array.key != array.path.name else stem
    return f"{stem} {array.key}" if array.key.lower() not in stem.lower() else stem


def _kind(words: Sequence[str]) -> tuple[str | None, int]:
    whole, last = "_".join(words), words[-1] if words else ""
    for kind, names in _KINDS.items():
        if whole in names:
            return kind, names.index(whole)
    for kind, names in _KINDS.items():
        if last in names and kind != "groups":
            return kind, _WEAK + names.index(last)
    return None, 0


def _pairs(named: Sequence[_Named]) -> list[_Arrays]:
    """Return the images of a part with their labels; those of several files if their names differ in numbers only."""
    kinds: dict[str, list[_Named]] = defaultdict(list)
    for each in named:
        if each.kind is not None and each.array.shape:
            kinds[each.kind].append(each)
    if not {"images", "labels"} <= set(kinds):
        return []
    images = _best(kinds["images"], None)
    found = []
    for image in images:
        beside = [each for each in kinds["labels"] if len(images) == 1 or _shard(each.array) == _shard(image.array)]
        fitting = [each for each in beside if each.array.shape[0] == _count(image.array, each.array)] or beside
        if not fitting:
            return []
        groups = min(
            (g for g in kinds["groups"] if g.array.shape[:1] == image.array.shape[:1]),
            key=lambda g: g.rank,
            default=None,
        )
        labels = _best(fitting, image)
        found.append(_Arrays(image.array, labels[0].array, groups.array if groups else None))
    return found


def _count(images: ArrayInFile, labels: ArrayInFile) -> int:
    """Return the number of images, which MATLAB's files have as the last axis."""
    return images.shape[-1] if images.shape[0] != labels.shape[0] == images.shape[-1] else images.shape[0]


def _best(named: Sequence[_Named], of: _Named | None) -> list[_Named]:
    """Return the likeliest, or those of all files where each has one.

    Raises:
        InputError: several have different labels.
    """
    rank = min(each.rank for each in named)
    best = [each for each in named if each.rank == rank]
    shards = {_shard(each.array) for each in best}
    names = {re.sub("[0-9]+", "", f"{each.array.path.name} {each.array.key}") for each in best}
    if of is None and len(best) > 1 and len(shards) == len(best) and len(names) == 1:
        return sorted(best, key=lambda each: natural_key(each.array.path.name))
    others = [each for each in named if each is not best[0] and each.array.shape[:1] == best[0].array.shape[:1]]
    if of is not None:
        others = [each for each in others if not np.array_equal(each.array.whole(), best[0].array.whole())]
    else:
        others = [each for each in others if each.rank == rank]
    if others:
        images = of.array if of is not None else None
        part: Part = best[0].part
        each = [
            f"{{{part}: [{_key(images or one.array)}, {_key(one.array) if images else '<labels>'}]}}"
            for one in [best[0], *others]
        ]
        options = " or ".join(f"`--option 'keys={one}'`" for one in each[:4])
        what = "labels" if of is not None else "images"
        raise InputError(f"{best[0].array.path}: several arrays may be the {what}: say which: {options}")
    return best[:1]


def _shard(array: ArrayInFile) -> str:
    return "".join(re.findall("[0-9]+", array.path.name.partition(".")[0]))


def _key(array: ArrayInFile) -> str:
    stem = array.path.name.partition(".")[0]
    return stem if array.key in {array.path.name, stem} or array.key.startswith("arr_") else array.key


def parts_named(array: ArrayInFile) -> bool:
    """Say whether an array's name, or its file's, tells a part or a kind."""
    words = [word.lower() for word in words_of(array.path.name.partition(".")[0])]
    return any(part_of(word) or any(word in names for names in _KINDS.values()) for word in words)


def _is_class(arrays: Sequence[ArrayInFile]) -> bool:
    return len(arrays) == 1 and len(arrays[0].shape) > 1 and arrays[0].dtype.kind in _NUMBERS


def _of_files(stored: Sequence[ArrayInFile]) -> list[_Arrays]:
    """Return every array with its file's name as the labels, without what all names begin with."""
    stems = {
        array: array.path.name.partition(".")[0] for array in sorted(stored, key=lambda a: natural_key(a.path.name))
    }
    first, last = min(stems.values()), max(stems.values())  # what these begin with, all do
    same = next((n for n, (a, b) in enumerate(zip(first, last, strict=False)) if a != b), min(len(first), len(last)))
    start = len(re.match(r"^(.*[ _.-])?", first[:same])[0])  # type: ignore[index] # it matches anything
    labels = {array: np.full(array.shape[0], stem[start:].strip()) for array, stem in stems.items()}
    return [_Arrays(array, OpenArray(array.path, array.path.name, each), None) for array, each in labels.items()]


def _by_rank(arrays: Sequence[ArrayInFile]) -> dict[Part, list[_Arrays]]:
    """Take the one of two arrays that has one axis for the labels, and the other for the images."""
    if len(arrays) != 2:  # noqa: PLR2004 - images and labels
        return {}
    labels, images = sorted(arrays, key=lambda array: len(array.shape))
    if len(labels.shape) == 1 < len(images.shape):
        return {"all": [_Arrays(images, labels, None)]}
    return {}


def _by_key(stored: Sequence[ArrayInFile], keys: Sequence[str]) -> _Arrays:
    by_key = {_key(array): array for array in stored} | {array.key: array for array in stored}
    for key in keys:
        if key not in by_key:
            raise InputError(f"options.keys: must be of {sorted(by_key)}, got {key!r}")
    return _Arrays(by_key[keys[0]], by_key[keys[1]], None)


def _unknown(stored: Sequence[ArrayInFile]) -> InputError:
    files = ", ".join(sorted({str(array.path) for array in stored})) or "no file"
    rule = "must hold images and labels, called as in x_train, y_train, or images, labels"
    images = [array for array in stored if len(array.shape) > 1 and array.dtype.kind in _NUMBERS]
    flat = [array for array in stored if len(array.shape) == 1]
    pairs = [(image, label) for image in images for label in flat if label.shape == image.shape[:1]]
    each = [f"`--option 'keys={{all: [{_key(image)}, {_key(label)}]}}'`" for image, label in pairs[:4]]
    remedy = " or ".join(each) or "`--option 'keys={train: [<images>, <labels>], test: [<images>, <labels>]}'`"
    return InputError(f"{files}: {rule}, got {sorted(map(_key, stored))}; say which they are by {remedy}")


def _aligned(arrays: _Arrays) -> _Arrays:
    """Move the axis that counts the images to the front, where MATLAB's files have it last."""
    images, labels, groups = arrays
    count = labels.shape[0] if labels.shape else 0
    if (
        isinstance(images, OpenArray)
        and images.path.suffix.lower() == ".mat"
        and images.shape[0] != count == images.shape[-1]
    ):
        moved = np.moveaxis(images.array[:], -1, 0)
        return _Arrays(OpenArray(images.path, images.key, moved), labels, groups)
    return arrays


def _joined(labels: Sequence[NDArray[Any]]) -> NDArray[Any]:
    return labels[0] if len(labels) == 1 else np.concatenate(labels)


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


def _plain_labels(array: ArrayInFile, column: int | None) -> NDArray[Any]:
    """Return labels (n,), integers or text; one-hot rows become the places of their ones."""
    labels = array.whole()
    if labels.ndim > 1:
        labels = labels.reshape(len(labels), -1)
        if column is not None and column < labels.shape[1]:
            labels = labels[:, column : column + 1]
        if labels.shape[1] != 1:
            ones = labels == 1
            if not ((ones.sum(axis=1) == 1) & ((labels == 0).sum(axis=1) == labels.shape[1] - 1)).all():
                rule = f"must be one label for each image, got shape {array.shape}"
                raise InputError(f"{array.title}: {rule}; `--option column=0` takes the first of several columns")
            return np.asarray(ones.argmax(axis=1))
        labels = labels[:, 0]
    try:
        return plain(labels)
    except InputError as error:
        raise InputError(f"{array.title}: {error}") from None


FORMAT = ArraysFormat()
