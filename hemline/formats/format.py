"""The protocol of formats: a format finds data that it can read, and opens it as a ``Source``.

A format is a module of this package that has a ``FORMAT``; its name in ``data/<name>.yaml`` is the module's. To add
one, write a ``Source`` that knows its labels and yields its images one by one, and a ``Format`` that opens it.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules
from typing import Any, ClassVar, NamedTuple

import numpy as np
from numpy.typing import NDArray

from hemline.data.description import Part
from hemline.data.labels import Labels
from hemline.errors import InputError, reading
from hemline.images.form import Form, conform, conform_all
from hemline.images.parallel import parallel_map
from hemline.images.picture import decode
from hemline.schema import StrictModel, parse

Image = NDArray[Any]
_BATCH_BYTES = 2**24
# The modules of this package that are no format.
_NO_FORMATS = {"format", "raw"}
# Bytes of a picture file; from there on, what Pillow does takes longer than what Python does.
_LARGE = 2**15


class Located(NamedTuple):
    """A file, or a folder, and which part of the data set it holds, where that is known."""

    path: Path
    part: Part | None = None


@dataclass(frozen=True)
class Found:
    """The data that a format finds at a path."""

    files: list[Located]  # what belongs to the data set
    # the format's options that read it, with those that were given
    options: dict[str, Any] = field(default_factory=dict)
    told: list[str] = field(default_factory=list)  # what else could have been taken, and was not
    # files that are not used, as they are called from the path, and why
    aside: dict[str, str] = field(default_factory=dict)


class Source(ABC):
    """An opened data set. Labels are in memory, images are read when they are asked for."""

    @abstractmethod
    def parts(self) -> dict[Part, Labels]:
        """Return the labels of each part; an ``InputError`` if they are missing, or no labels."""

    @abstractmethod
    def images(self, part: Part) -> Iterator[Image | InputError]:
        """Yield the images of a part as they are stored, in the order of its labels.

        Each is uint8, uint16 or float32, (height, width) or (height, width, channels); one that cannot be read is
        the error that says why, named as by ``name``.
        """

    @abstractmethod
    def name(self, part: Part, index: int) -> str:
        """Return what a user would call the image: its file, or its file and row."""

    def uses(self) -> Iterator[tuple[str, str]]:
        """Yield files in a folder or an archive that is one of the data set's files: names, and what they are used as.

        Where they are not used, that is the reason. Files without an entry are no pictures and no tables.
        """
        yield from ()

    def batches(self, part: Part, form: Form) -> Iterator[Image]:
        """Yield the images of a part as arrays (n, *form.image_shape) of ``form.pixels.type``, in their order.

        Raises:
            InputError: an image cannot be read, or is not what it must be.
        """
        size = max(1, _BATCH_BYTES // form.nbytes)
        batch = []
        for index, image in enumerate(self.images(part)):
            if isinstance(image, InputError):
                raise image
            try:
                batch.append(conform(image, form))
            except InputError as error:
                raise InputError(f"{self.name(part, index)}: {error}") from None
            if len(batch) == size:
                yield np.stack(batch)
                batch = []
        if batch:
            yield np.stack(batch)


def decoded(contents: Iterable[bytes | InputError], name: Callable[[int], str]) -> Iterator[Image | InputError]:
    """Decode picture files, several at a time, in their order; ``name`` gives by index what errors call them."""

    def image(item: tuple[int, bytes | InputError]) -> Image | InputError:
        index, content = item
        if isinstance(content, InputError):
            return content
        try:
            return decode(content)
        except InputError as error:
            return InputError(f"{name(index)}: {error}")

    return parallel_map(image, enumerate(contents), lambda item: isinstance(item[1], bytes) and len(item[1]) > _LARGE)


class RowsSource(Source):
    """Images that lie in arrays or tables, many at a time and of one shape."""

    @abstractmethod
    def rows(self, part: Part) -> Iterator[Image]:
        """Yield the images of a part, some at a time: numbers (n, height, width) or (n, height, width, channels).

        Raises:
            InputError: they cannot be read.
        """

    @abstractmethod
    def stored_type(self) -> np.dtype[Any]:
        """Return the type of the numbers in ``rows``."""

    @cached_property
    def pixel_type(self) -> str:
        """The narrowest of uint8, uint16 and float32 that holds all pixels of all parts; takes reading them all."""
        stored = self.stored_type()
        if stored in {np.dtype(np.uint8), np.dtype(np.uint16)}:
            return stored.name
        return narrowest(rows for part in self.parts() for rows in self.rows(part))

    def images(self, part: Part) -> Iterator[Image | InputError]:
        """See ``Source``."""
        index = 0
        for rows in self.rows(part):
            finite = np.asarray(np.isfinite(rows).reshape(len(rows), -1).all(axis=1))
            for image, is_finite in zip(rows.astype(self.pixel_type, copy=False), finite.tolist(), strict=True):
                wrong = "pixels: must be finite numbers, got nan or infinity"
                yield image if is_finite else InputError(f"{self.name(part, index)}: {wrong}")
                index += 1

    def batches(self, part: Part, form: Form) -> Iterator[Image]:
        """See ``Source``."""
        first = 0
        for rows in self.rows(part):
            try:
                batch = conform_all(rows, form)
            except InputError:
                for index, image in enumerate(rows, first):  # one of them is wrong
                    with reading(self.name(part, index)):
                        conform(image, form)
                raise
            yield batch
            first += len(rows)


def narrowest(arrays: Iterable[Image]) -> str:
    """Return uint8 or uint16 where all numbers are whole and it holds them, otherwise float32."""
    lowest, highest = 0.0, 0.0
    for array in arrays:
        if array.dtype.kind == "f" and not np.array_equal(array, np.rint(array)):
            return "float32"
        lowest, highest = min(lowest, float(array.min())), max(highest, float(array.max()))
    if lowest < 0 or highest > np.iinfo(np.uint16).max:
        return "float32"
    return "uint8" if highest <= np.iinfo(np.uint8).max else "uint16"


class Format(ABC):
    """A way in which labelled images are stored."""

    Options: ClassVar[type[StrictModel]] = StrictModel

    @abstractmethod
    def find(self, path: Path, options: Any) -> Found | None:
        """Say what of ``path``, a file or a folder, this format reads; None where it is another's.

        Args:
            path: what the user named.
            options: an instance of ``Options``, with what the user said.

        Raises:
            InputError: it is this format's, but cannot be read, or there are several ways to.
        """

    @abstractmethod
    def open(self, files: Sequence[Located], options: Any) -> Source:
        """Open the files.

        Args:
            files: what ``find`` named, wherever it is now; a folder may have become a zip file of the same pictures.
            options: an instance of ``Options``.

        Raises:
            InputError: they are missing, damaged, or not what the options say.
        """


def only_folder(files: Sequence[Located]) -> Path:
    """Return the one folder or archive that a data set is; an ``InputError`` if it is several."""
    if len(files) != 1:
        raise InputError(f"files: must be one folder, got {[file.path.name for file in files]}")
    return files[0].path


def in_one_folder(path: Path, file: Path) -> InputError:
    """Return the error of files of a format in several folders below a path, one of which is given."""
    parts = file.relative_to(path).parts
    remedy = f"put all into one, with the folder's name in front: {'/'.join(parts)} as {'-'.join(parts)}"
    return InputError(f"{path}: files lie in several folders; {remedy}")


def formats() -> list[str]:
    """Return the names of all formats."""
    import hemline.formats as package  # noqa: PLC0415 - which this module is a part of

    return sorted(module.name for module in iter_modules(package.__path__) if module.name not in _NO_FORMATS)


def find_format(name: str, key: str = "format") -> Format:
    """Return the format of this name; an ``InputError`` if there is none."""
    if name not in formats():
        raise InputError(f"{key}: must be one of {formats()}, got {name!r}")
    found: Format = import_module(f"hemline.formats.{name}").FORMAT
    return found


def open_source(name: str, files: Sequence[Located], options: Mapping[str, Any], description: Path) -> Source:
    """Open the files of a data set in the format ``name``, with options as they stand in its description.

    What breaks a rule, or is no such file, is an ``InputError``.
    """
    return find_format(name).open(files, parse_options(name, options, description))


def parse_options(name: str, options: Mapping[str, Any], description: Path) -> StrictModel:
    """Validate the options of a data set in a format; no file is looked at, and a broken rule is an ``InputError``."""
    return parse(find_format(name, f"{description}: format").Options, {**options}, description)
