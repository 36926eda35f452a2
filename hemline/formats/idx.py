"""The IDX files of the MNIST family: four of them, gzipped or not, images and labels of training and test."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hemline.data.description import Part
from hemline.data.idx import open_idx, rank_of
from hemline.data.labels import Labels
from hemline.errors import InputError, reading
from hemline.formats.format import Format, Found, Located, RowsSource, Source
from hemline.schema import StrictModel

# Of the images that are read at once.
_BATCH_BYTES = 2**22
_ROWS = 2  # axes, of images that are stored as rows
_NAMES: dict[Part, tuple[str, ...]] = {"train": ("train",), "test": ("t10k", "test")}


class IdxSource(RowsSource):
    """Arrays of images and labels, uint8, memory-mapped where the files are not compressed."""

    def __init__(self, arrays: Mapping[Part, tuple[NDArray[np.uint8], NDArray[np.uint8]]]) -> None:
        self._arrays = arrays

    def parts(self) -> dict[Part, Labels]:
        """See ``Source``."""
        highest = max(int(labels.max()) for _, labels in self._arrays.values())
        values = [str(value) for value in range(highest + 1)]
        return {part: Labels(labels, values) for part, (_, labels) in self._arrays.items()}

    def rows(self, part: Part) -> Iterator[NDArray[Any]]:
        """See ``RowsSource``."""
        images = self._arrays[part][0]
        size = max(1, _BATCH_BYTES // images[0].nbytes)
        yield from (images[start : start + size] for start in range(0, len(images), size))

    def stored_type(self) -> np.dtype[Any]:
        """See ``RowsSource``."""
        return np.dtype(np.uint8)

    def name(self, part: Part, index: int) -> str:
        """See ``Source``."""
        return f"{part} image {index}"


class Idx(Format):
    """Finds and opens the four files."""

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
            with reading(file.path, OSError, EOFError):
                array = open_idx(file.path)
            arrays.setdefault(file.part or "all", {})["labels" if array.ndim == 1 else "images"] = array
        for part, found in arrays.items():
            if {*found} != {"images", "labels"} or len(found["images"]) != len(found["labels"]):
                raise InputError(f"{part}: must be a file of images, and one of as many labels")
        return IdxSource({part: (found["images"], found["labels"]) for part, found in arrays.items()})


def _lowest(path: Path) -> int:
    with suppress(InputError, OSError, EOFError):  # a damaged file is refused when it is opened
        return int(open_idx(path, any_type=True).min())
    return 0


def find_four(path: Path) -> list[Located]:
    """Return the four files that a folder holds if it is of the MNIST family, images as images; otherwise none."""
    found = []
    for part, names in _NAMES.items() if path.is_dir() else ():
        for kind in ("images", "labels"):
            files = sorted(file for name in names for file in path.glob(f"{name}*{kind}*-ubyte*") if file.is_file())
            rank = rank_of(files[0]) if files else None  # that of a damaged file is None: it is refused when opened
            if not files or (rank == 1) != (kind == "labels") or rank == _ROWS:
                return []
            if rank == 1 and _lowest(files[0]) > 0:
                return []  # classes are counted from 0 here; EMNIST's letters are read as arrays
            found.append(Located(files[0], part))
    return found


FORMAT = Idx()
