"""Arrays of images and labels: NumPy's, IDX, MATLAB's, HDF5 and CIFAR's files, one of them or a folder.

The names of the arrays, or of the files where each holds one, say what they are: ``x_train`` and ``y_train``,
``test_images`` and ``test_labels``, ``images`` and ``labels``, and what else is usual; the option ``keys`` names
others. Where every file is a class, as in Quick, Draw!, the files' names are the labels. Arrays are read as streams,
so memory holds some images at a time, packed or not.
"""

import math
import os
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from hemline.data.description import Part
from hemline.data.labels import Case, Labels, labelled, plain
from hemline.data.parts import settled, told_of
from hemline.errors import InputError, reading
from hemline.formats.format import Format, Found, Located, RowsSource, Source, in_one_folder
from hemline.formats.idx import find_four
from hemline.images.array_file import arrays_in, is_array_file
from hemline.images.array_roles import (
    NUMBERS,
    Arrays,
    by_files,
    by_keys,
    by_names,
    may_be_classes,
    may_be_pictures,
    unknown,
)
from hemline.images.layout import as_images
from hemline.images.stored import ArrayInFile, OpenArray
from hemline.images.tree import PICTURES
from hemline.schema import Count, StrictModel
from hemline.words import first_listed, option

_PICTURES = tuple(PICTURES)
_SOME = 1000  # files of a folder, which tell what all are
_CHUNK = 2**24  # bytes of images that are read at a time


class ArraysOptions(StrictModel):
    """Options for arrays whose names leave their roles open."""

    # by part, the names of the images and of the labels
    keys: dict[Part, Annotated[list[str], Field(min_length=2, max_length=2)]] | None = None
    groups: str | None = None  # the name of what numbers the objects, as ``images`` is that of the images
    # height and width, and channels behind or before them, of images that are stored as rows
    shape: Annotated[list[Count], Field(min_length=2, max_length=3)] | None = None
    transpose: bool = False  # whether rows and columns of each image are exchanged, as EMNIST's are
    column: Annotated[int, Field(ge=0)] | None = None  # of labels in several columns, the one that is the class
    by_file: bool = False  # whether each file is a class, whose name its own is
    case: Case | None = None  # whether classes that differ in letter case only are the same


class ArraysSource(RowsSource):
    """Images and labels in arrays."""

    def __init__(self, parts: Mapping[Part, Sequence[Arrays]], options: ArraysOptions) -> None:
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
                with reading(images.title):
                    arranged = as_images(rows, shape)
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
        labels = {
            part: np.concatenate([_plain_labels(each.labels, self._options.column) for each in arrays])
            for part, arrays in self._arrays.items()
        }
        groups = {
            part: np.concatenate([_plain_labels(each.groups, None) for each in arrays if each.groups is not None])
            for part, arrays in self._arrays.items()
            if arrays[0].groups is not None
        }
        with reading(next(iter(self._arrays.values()))[0].labels.title):
            return labelled(labels, groups, case=self._options.case)


class ArraysFormat(Format):
    """See the module."""

    Options = ArraysOptions

    def find(self, path: Path, options: ArraysOptions) -> Found | None:
        """See ``Format``."""
        if path.is_dir():
            return _find_in_folder(path, options)
        if not is_array_file(path):
            return None
        arrays = arrays_in(path)
        if len(arrays) == 1 and path.suffix.lower() not in {".npz", ".zip"}:
            raise InputError(f"{path}: is one array; name the folder that holds those of images and of labels")
        return _found([Located(path)], options)

    def open(self, files: Sequence[Located], options: ArraysOptions) -> Source:
        """See ``Format``."""
        return ArraysSource(_matched(files, options)[0], options)


def _find_in_folder(path: Path, options: ArraysOptions) -> Found | None:
    if find_four(path):
        return None  # of the MNIST family, whose description names its four files
    held: dict[Path, list[Located]] = {}
    for top, inside, names in os.walk(path):
        inside[:] = sorted(name for name in inside if not name.startswith("."))
        likely = [Path(top, name) for name in sorted(names) if not name.lower().endswith(_PICTURES)]
        likely = [file for file in likely if not (file.suffix == ".gz" and file.stem in names)]
        if files := [Located(file) for file in likely if is_array_file(file)]:
            held[Path(top)] = files
    if path not in held and len(held) > 1:
        _check_no_pictures(path, [file for files in held.values() for file in files[:_SOME]])
        raise in_one_folder(path, next(iter(held.values()))[0].path)
    return _found(held.get(path) or next(iter(held.values())), options) if held else None


def _check_no_pictures(path: Path, files: Sequence[Located]) -> None:
    """Refuse files of one array each that may be single images, as well as the images of a class."""
    held = [arrays_in(file.path) for file in files]
    if may_be_classes(held) and may_be_pictures([arrays[0] for arrays in held]):
        rule = f"each file may be one image, as {files[0].path.name}: put all into one file"
        raise InputError(
            f"{path}: {rule}: `np.savez('all.npz', images=np.stack(images), labels=labels)`; if each file is of a "
            f"class, {option('by_file', 'true')}"
        )


def _found(files: Sequence[Located], options: ArraysOptions) -> Found | None:
    (parts, by_file), (options, told) = _matched(files, options), _advice(files, options)
    if not parts:
        return None
    used = {array.path for arrays in parts.values() for each in arrays for array in each if array is not None}
    said = options.model_dump(exclude_defaults=True) | ({"by_file": True} if by_file else {})
    for part, arrays in settled(parts).items() if not by_file else ():
        pairs = ([_short(array) for array in (each.images, each.labels)] for each in arrays)
        told.append(f"The images and labels of {part}: {', '.join(dict.fromkeys(map(' and '.join, pairs)))}.")
    told += told_of(parts)
    taken = {_short(array) for arrays in parts.values() for each in arrays for array in each if array is not None}
    held = [_short(array) for file in files if file.path in used for array in arrays_in(file.path)]
    if left := [each for each in held if each not in taken]:
        told.append(f"Not taken: {first_listed(left)}; the option keys takes others than these.")
    if by_file:
        told.append("Each file is a class, called as the file is: no array has labels.")
    aside = {
        file.path.name: "not taken as images or labels; the option keys does that"
        for file in files
        if file.path not in used
    }
    return Found([file for file in files if file.path in used], said, told, aside)


def _short(array: ArrayInFile) -> str:
    return array.title.removeprefix(f"{array.path.parent}/")


def _advice(files: Sequence[Located], options: ArraysOptions) -> tuple[ArraysOptions, list[str]]:
    """Return options that some published sets need, and what is known of them."""
    names = " ".join(file.path.name.lower() for file in files)
    told, turns = [], f"{option('transpose', 'true')} turns them up."
    if "emnist" in names and not options.transpose:
        told.append(f"EMNIST's images lie on their side as they are published; {turns}")
    elif ".mat" in names and not options.transpose:
        told.append(f"MATLAB counts columns first: if images lie on their side, {turns}")
    if "qmnist" in names and options.column is None:
        options = options.model_copy(update={"column": 0})
        told.append("QMNIST's labels have eight columns; the first is the class.")
    return options, told


def _matched(files: Sequence[Located], options: ArraysOptions) -> tuple[dict[Part, list[Arrays]], bool]:
    """Tell which arrays are the images and the labels of each part, and whether each file is a class."""
    held = [(file.part, arrays_in(file.path)) for file in files]
    stored = [array for _, arrays in held for array in arrays]
    if not stored:
        return {}, False
    if options.keys is not None:
        return by_keys(stored, options.keys), False
    if options.by_file:
        return {"all": by_files(stored)}, True
    if pairs := by_names(held, options.groups):
        return pairs, False
    if may_be_classes([arrays for _, arrays in held]):
        _check_no_pictures(files[0].path.parent, files)
        return {"all": by_files(stored)}, True
    raise unknown(stored)


def _aligned(arrays: Arrays) -> Arrays:
    """Move the axis that counts the images to the front, where MATLAB's files have it last."""
    images, labels, groups = arrays
    count = labels.shape[0] if labels.shape else 0
    if (
        isinstance(images, OpenArray)
        and images.path.suffix.lower() == ".mat"
        and images.shape[0] != count == images.shape[-1]
    ):
        moved = np.moveaxis(images.array[:], -1, 0)
        return Arrays(OpenArray(images.path, images.key, moved), labels, groups)
    return arrays


def _check(arrays: Arrays) -> None:
    images, labels, groups = arrays
    if len(images.shape) < 2 or 0 in images.shape:  # noqa: PLR2004 - images, pixels
        raise InputError(f"{images.title}: images must be (n, height, width) or so, got {images.shape}")
    if images.dtype.kind not in NUMBERS:
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
    with reading(array.title):
        return plain(labels)


FORMAT = ArraysFormat()
