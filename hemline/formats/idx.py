"""The IDX files of the MNIST family: four of them, gzipped or not, images and labels of training and test."""

import gzip
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, BinaryIO, cast

import numpy as np
from numpy.typing import NDArray

from hemline.data.description import Part
from hemline.data.idx import open_idx, read_idx
from hemline.errors import InputError
from hemline.formats.format import Format, Found, Image, Labels, Located, Source
from hemline.images.form import Form, check_range, conform
from hemline.schema import StrictModel

# Of the images that are read at once.
_BATCH_BYTES = 2**22
_ROWS = 2  # axes, of images that are stored as rows
_NAMES: dict[Part, tuple[str, ...]] = {"train": ("train",), "test": ("t10k", "test")}


class IdxSource(Source):
    """Arrays of images and labels, memory-mapped where the files are not compressed."""

    def __init__(self, arrays: Mapping[Part, tuple[NDArray[np.uint8], NDArray[np.uint8]]]) -> None:
        self._arrays = arrays

    def parts(self) -> dict[Part, Labels]:
        """See ``Source``."""
        highest = max(int(labels.max()) for _, labels in self._arrays.values())
        values = [str(value) for value in range(highest + 1)]
        return {part: Labels(labels, values) for part, (_, labels) in self._arrays.items()}

    def images(self, part: Part) -> Iterator[Image | InputError]:
        """See ``Source``."""
        yield from self._arrays[part][0]

    def name(self, part: Part, index: int) -> str:
        """See ``Source``."""
        return f"{part} image {index}"

    def batches(self, part: Part, form: Form) -> Iterator[Image]:
        """See ``Source``."""
        images = self._arrays[part][0]
        size = max(1, _BATCH_BYTES // form.nbytes)
        for start in range(0, len(images), size):
            batch = images[start : start + size]
            if batch.shape[1:] != form.image_shape or batch.dtype != form.pixels.type:
                batch = np.stack([conform(image, form) for image in batch])
            check_range(batch, form.pixels)
            yield batch


class Idx(Format):
    """Finds and opens the four files."""

    Options = StrictModel

    def find(self, path: Path, options: StrictModel) -> Found | None:  # noqa: ARG002 - there are none
        """See ``Format``."""
        files = find_four(path)
        if not files:
            return None
        aside = {
            each.name: "another copy of one of the four files"
            for each in path.iterdir()
            if each.is_file() and "ubyte" in each.name and each not in {file.path for file in files}
        }
        return Found(files, aside=aside)

    def open(self, files: Sequence[Located], options: StrictModel) -> Source:  # noqa: ARG002 - there are none
        """See ``Format``."""
        arrays: dict[Part, dict[str, NDArray[np.uint8]]] = {}
        for file in files:
            array = _read(file.path)
            arrays.setdefault(file.part or "all", {})["labels" if array.ndim == 1 else "images"] = array
        for part, found in arrays.items():
            if {*found} != {"images", "labels"} or len(found["images"]) != len(found["labels"]):
                raise InputError(f"{part}: must be a file of images, and one of as many labels")
        return IdxSource({part: (found["images"], found["labels"]) for part, found in arrays.items()})


def find_four(path: Path) -> list[Located]:
    """Return the four files that a folder holds if it is of the MNIST family, images as images; otherwise none."""
    if not path.is_dir():
        return []
    found = []
    for part, names in _NAMES.items():
        for kind in ("images", "labels"):
            files = sorted(file for name in names for file in path.glob(f"{name}*{kind}*-ubyte*") if file.is_file())
            if not files or (_rank(files[0]) == 1) != (kind == "labels") or _rank(files[0]) == _ROWS:
                return []
            found.append(Located(files[0], part))
    return found


def _rank(path: Path) -> int:
    """Return the number of axes, -1 of a damaged file, which is refused when it is opened."""
    opener = gzip.open if path.suffix == ".gz" else open
    try:
        with opener(path, "rb") as stream:
            head = bytes(stream.read(4))
    except (OSError, EOFError):
        return -1
    return head[3] if len(head) == 4 else -1  # noqa: PLR2004 - the last byte of the first four


def _read(path: Path) -> NDArray[Any]:
    try:
        if path.suffix == ".gz":
            with gzip.open(path) as stream:
                return read_idx(cast("BinaryIO", stream))
        return open_idx(path)
    except FileNotFoundError:
        raise InputError(f"{path}: no such file") from None
    except (InputError, OSError, EOFError) as error:
        raise InputError(f"{path}: {error}") from None


FORMAT = Idx()
