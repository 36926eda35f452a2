"""Files of arrays: NumPy's, IDX, MATLAB's, HDF5, and CIFAR's; what they hold, and these some rows at a time.

Nothing is unpickled but arrays and lists: ``hemline.images.pickled`` makes nothing else of a pickle.
"""

import gzip
import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Protocol, cast

import numpy as np
from numpy.typing import NDArray

from hemline.errors import InputError
from hemline.images import numpy_file
from hemline.images.pickled import load_pickle

# By the type code of an IDX file.
_IDX = {8: "u1", 9: "i1", 0x0B: ">i2", 0x0C: ">i4", 0x0D: ">f4", 0x0E: ">f8"}
_MOST_RANK = 4
_CIFAR = (3, 32, 32)
_CIFAR_NAMES = {"train": 2, "test": 2, "test_batch": 1}


class ArrayInFile(Protocol):
    """An array in a file: where it is, what it is called there, its shape and its type."""

    @property
    def path(self) -> Path: ...  # noqa: D102
    @property
    def key(self) -> str: ...  # noqa: D102
    @property
    def shape(self) -> tuple[int, ...]: ...  # noqa: D102
    @property
    def dtype(self) -> np.dtype[Any]: ...  # noqa: D102
    @property
    def title(self) -> str: ...  # noqa: D102

    def rows(self, size: int) -> Iterator[NDArray[Any]]: ...  # noqa: D102
    def whole(self) -> NDArray[Any]: ...  # noqa: D102


@dataclass(frozen=True, eq=False)
class OpenArray:
    """An array that is open: in memory, mapped, or a data set of HDF5."""

    path: Path  # the file
    key: str  # its name there
    array: Any  # anything with a shape, a type and slices

    @property
    def shape(self) -> tuple[int, ...]:
        """Of the array."""
        return tuple(self.array.shape)

    @property
    def dtype(self) -> np.dtype[Any]:
        """Of the array."""
        return cast("np.dtype[Any]", self.array.dtype)

    @property
    def title(self) -> str:
        """What it is called in errors."""
        return str(self.path) if self.key == self.path.name else f"{self.path}: {self.key}"

    def rows(self, size: int) -> Iterator[NDArray[Any]]:
        """Yield the array, ``size`` rows at a time."""
        for start in range(0, self.shape[0], size):
            yield np.asarray(self.array[start : start + size])

    def whole(self) -> NDArray[Any]:
        """Return the array."""
        return np.asarray(self.array[:])


def is_array_file(path: Path) -> bool:
    """Say whether a file holds arrays, by its ending or its first bytes."""
    return path.is_file() and not path.name.startswith(".") and _reader(path) is not None


def arrays_in(path: Path) -> list[ArrayInFile]:
    """Return the arrays of a file.

    Raises:
        InputError: it is damaged, or holds none.
    """
    reader = _reader(path)
    if reader is None:
        raise InputError(f"{path}: is no file of arrays")
    return reader(path)


def _reader(path: Path) -> Callable[[Path], list[ArrayInFile]] | None:
    ending = path.suffix.lower()
    by_ending: Mapping[str, Callable[[Path], list[ArrayInFile]]] = {
        ".npy": _numpy, ".npz": _numpy, ".mat": _matlab, ".h5": _hdf5, ".hdf5": _hdf5, ".hdf": _hdf5
    }  # fmt: skip
    if ending in by_ending:
        return by_ending[ending]
    if ending == ".bin":
        return _cifar if _cifar_labels(path) else None
    if ending not in {"", ".gz", ".idx"} and "ubyte" not in ending:
        return None
    head = _head(path)
    if len(head) == 4 and head[:2] == b"\0\0" and head[2] in _IDX and 1 <= head[3] <= _MOST_RANK:  # noqa: PLR2004
        return _idx
    return _pickle if head[:1] == b"\x80" and ending == "" else None


def _numpy(path: Path) -> list[ArrayInFile]:
    return [*numpy_file.arrays_of(path)]


def _head(path: Path) -> bytes:
    try:
        with _opened(path) as stream:
            return stream.read(4)
    except (OSError, EOFError):
        return b""


def _opened(path: Path) -> IO[bytes]:
    return cast("IO[bytes]", gzip.open(path)) if path.suffix.lower() == ".gz" else path.open("rb")


def _idx(path: Path) -> list[ArrayInFile]:
    """Open an IDX file of any type; a packed one is unpacked into memory."""
    try:
        with _opened(path) as stream:
            head = stream.read(4)
            sizes = np.frombuffer(stream.read(4 * head[3]), ">u4")
            shape, dtype = tuple(int(size) for size in sizes), np.dtype(_IDX[head[2]])
            packed = stream.read() if path.suffix.lower() == ".gz" else None
    except (OSError, EOFError, ValueError) as error:
        raise InputError(f"{path}: cannot be read: {' '.join(str(error).split())}") from None
    promised = math.prod(shape) * dtype.itemsize
    held = len(packed) if packed is not None else path.stat().st_size - 4 - 4 * head[3]
    if held != promised or 0 in shape or len(shape) < head[3]:
        raise InputError(f"{path}: is truncated or too long: its header promises {promised:,} bytes, got {held:,}")
    if packed is not None:
        return [OpenArray(path, path.name, np.frombuffer(packed, dtype).reshape(shape))]
    return [OpenArray(path, path.name, np.memmap(path, dtype, "r", 4 + 4 * head[3], shape))]


def _matlab(path: Path) -> list[ArrayInFile]:
    """Read MATLAB's file; row and column vectors become vectors, structures and cells are left out."""
    from scipy.io import loadmat  # noqa: PLC0415 - for these files only

    try:
        held = loadmat(path)
    except NotImplementedError:  # since version 7.3 they are HDF5
        return _hdf5(path)
    except Exception as error:  # noqa: BLE001 - SciPy raises anything for a damaged file
        raise InputError(f"{path}: cannot be read: {' '.join(str(error).split())[:200]}") from None
    arrays = {key: np.asarray(value) for key, value in held.items() if not key.startswith("__")}
    flat = {key: each.ravel() if each.ndim == 2 and 1 in each.shape else each for key, each in arrays.items()}  # noqa: PLR2004
    return [OpenArray(path, key, each) for key, each in flat.items() if each.dtype.kind in "buifUS"]


def _hdf5(path: Path) -> list[ArrayInFile]:
    import h5py  # type: ignore[import-untyped] # noqa: PLC0415 - for these files only

    found: dict[str, Any] = {}
    try:
        file = h5py.File(path, "r")
        file.visititems(lambda name, each: found.update({name: each}) if isinstance(each, h5py.Dataset) else None)
    except (OSError, RuntimeError) as error:
        raise InputError(f"{path}: cannot be read: {' '.join(str(error).split())[:200]}") from None
    return [OpenArray(path, name, each) for name, each in found.items() if each.shape]


def _cifar_labels(path: Path) -> int:
    """Return how many bytes of labels stand before each image of CIFAR's binary files, 0 if it is none of them."""
    labels = 1 if path.stem.startswith("data_batch") else _CIFAR_NAMES.get(path.stem, 0)
    row = math.prod(_CIFAR) + labels
    size = path.stat().st_size
    return labels if labels and size and size % row == 0 else 0


def _cifar(path: Path) -> list[ArrayInFile]:
    labels = _cifar_labels(path)
    rows = np.memmap(path, np.uint8, "r").reshape(-1, labels + math.prod(_CIFAR))
    names = ["labels"] if labels == 1 else ["coarse_labels", "fine_labels"]
    images = OpenArray(path, "data", rows[:, labels:].reshape(-1, *_CIFAR))
    return [images, *(OpenArray(path, name, rows[:, place]) for place, name in enumerate(names))]


def _pickle(path: Path) -> list[ArrayInFile]:
    """Read CIFAR's pickles, and others of a dictionary of arrays and lists."""
    with path.open("rb") as stream:
        try:
            held = load_pickle(stream)
        except InputError as error:
            raise InputError(f"{path}: {error}") from None
    if not isinstance(held, dict):
        return []
    found: list[ArrayInFile] = []
    for key, value in held.items():
        name = key.decode("utf-8", "replace") if isinstance(key, bytes) else str(key)
        array = np.asarray(value) if isinstance(value, list) and value and not isinstance(value[0], list) else value
        if isinstance(array, np.ndarray) and array.dtype.kind in "buifUS" and array.ndim:
            if name == "data" and array.ndim == 2 and array.shape[1] == math.prod(_CIFAR):  # noqa: PLR2004
                array = array.reshape(-1, *_CIFAR)
            found.append(OpenArray(path, name, array))
    return found
