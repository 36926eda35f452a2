"""Files of arrays: NumPy's, IDX, MATLAB's, HDF5, and CIFAR's; what they hold, and these some rows at a time.

Nothing is unpickled but arrays and lists: ``hemline.images.pickled`` makes nothing else of a pickle.
"""

import math
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hemline.data.idx import open_idx, rank_of
from hemline.errors import InputError, reading
from hemline.images.numpy_file import arrays_of, is_zip_of_arrays
from hemline.images.pickled import load_pickle
from hemline.images.stored import ArrayInFile, OpenArray

_CIFAR = (3, 32, 32)
_CIFAR_NAMES = {"train": 2, "test": 2, "test_batch": 1}


def is_array_file(path: Path) -> bool:
    """Say whether a file holds arrays, by its ending or its first bytes."""
    return path.is_file() and not path.name.startswith(".") and _reader(path) is not None


def arrays_in(path: Path) -> list[ArrayInFile]:
    """Return the arrays of a file; an ``InputError`` if it is damaged, or holds none."""
    reader = _reader(path)
    if reader is None:
        raise InputError(f"{path}: is no file of arrays")
    return reader(path)


def _reader(path: Path) -> Callable[[Path], list[ArrayInFile]] | None:
    ending = path.suffix.lower()
    by_ending: Mapping[str, Callable[[Path], list[ArrayInFile]]] = {
        ".npy": arrays_of, ".npz": arrays_of, ".mat": _matlab, ".h5": _hdf5, ".hdf5": _hdf5, ".hdf": _hdf5
    }  # fmt: skip
    if ending in by_ending:
        return by_ending[ending]
    if ending == ".zip":
        return arrays_of if is_zip_of_arrays(path) else None
    if ending == ".bin":
        return _cifar if _cifar_labels(path) else None
    if (ending in {"", ".gz", ".idx"} or "ubyte" in ending) and rank_of(path) is not None:
        return _idx
    return _pickle if ending == "" and _is_pickle(path) else None


def _is_pickle(path: Path) -> bool:
    with suppress(OSError), path.open("rb") as stream:
        return stream.read(1) == b"\x80"
    return False


def _idx(path: Path) -> list[ArrayInFile]:
    with reading(path, OSError, EOFError):
        return [OpenArray(path, path.name, open_idx(path, any_type=True))]


def _matlab(path: Path) -> list[ArrayInFile]:
    """Read MATLAB's file; row and column vectors become vectors, fields of structures `above/field`, no cells."""
    from scipy.io import loadmat  # noqa: PLC0415 - for these files only

    try:
        held = loadmat(path, simplify_cells=True)
    except NotImplementedError:  # since version 7.3 they are HDF5
        return _hdf5(path)
    except Exception as error:  # noqa: BLE001 - SciPy raises anything for a damaged file
        raise InputError(f"{path}: cannot be read: {' '.join(str(error).split())[:200]}") from None
    return [OpenArray(path, key, each) for key, each in _fields(held) if each.dtype.kind in "buifUS" and each.ndim]


def _fields(held: Mapping[str, Any], above: str = "") -> Iterator[tuple[str, NDArray[Any]]]:
    for key, value in held.items():
        if isinstance(value, dict):
            yield from _fields(value, f"{above}{key}/")
        elif isinstance(value, np.ndarray):
            yield above + key, value


def _hdf5(path: Path) -> list[ArrayInFile]:
    import h5py  # type: ignore[import-untyped] # noqa: PLC0415 - for these files only

    found: dict[str, Any] = {}
    with reading(path, OSError, RuntimeError):
        file = h5py.File(path, "r")
        file.visititems(lambda name, each: found.update({name: each}) if isinstance(each, h5py.Dataset) else None)
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
    with reading(path), path.open("rb") as stream:
        held = load_pickle(stream)
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
