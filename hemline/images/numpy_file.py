"""NumPy's files as streams: what arrays they hold, and these some rows at a time. Nothing is unpickled."""

import math
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from hemline.errors import InputError

_UNREADABLE = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, ValueError, SyntaxError)


class StoredArray(NamedTuple):
    """An array in a file: where it is, and what its header says."""

    path: Path  # the file
    key: str  # its name, in a ``.npz`` file that of a member
    shape: tuple[int, ...]  # of the array
    dtype: np.dtype[Any]  # of the array
    in_columns: bool  # whether the first axis changes fastest

    @property
    def title(self) -> str:
        """What it is called in errors."""
        return f"{self.path}: {self.key}" if is_npz(self.path) else str(self.path)

    def rows(self, size: int) -> Iterator[NDArray[Any]]:
        """Yield the array, ``size`` rows at a time.

        Raises:
            InputError: it cannot be read.
        """
        with _opened(self.path, self.key) as (stream, _):
            if self.in_columns:  # which has to be read whole to see a row
                whole = np.lib.format.read_array(stream, allow_pickle=False)
                yield from (whole[start : start + size] for start in range(0, len(whole), size))
                return
            _read_header(stream)
            row = math.prod(self.shape[1:]) * self.dtype.itemsize
            for start in range(0, self.shape[0], size):
                count = min(size, self.shape[0] - start)
                content = stream.read(count * row)
                if len(content) < count * row:
                    raise InputError("is truncated")
                yield np.frombuffer(content, self.dtype).reshape(count, *self.shape[1:])
            stream.read(1)  # at the end, the archive's checksum is looked at

    def whole(self) -> NDArray[Any]:
        """Return the array; errors are those of ``rows``."""
        return next(self.rows(max(1, self.shape[0])))


def arrays_of(path: Path) -> list[StoredArray]:
    """Return the arrays of an ``.npz`` file, or the one of an ``.npy`` file.

    Raises:
        InputError: there is no such file, or it is damaged.
    """
    if not is_npz(path):
        keys = [path.stem]
    else:
        try:
            with zipfile.ZipFile(path) as archive:
                names = archive.namelist()
        except FileNotFoundError:
            raise InputError(f"{path}: no such file") from None
        except _UNREADABLE as error:
            raise InputError(f"{path}: is no file of NumPy's, or a damaged one: {error}") from None
        keys = [name.removesuffix(".npy") for name in names if name.endswith(".npy")]
    arrays = []
    for key in keys:
        with _opened(path, key) as (stream, size):
            array = StoredArray(path, key, *_read_header(stream))
            _check_length(array, size - stream.tell())
            arrays.append(array)
    return arrays


def _check_length(array: StoredArray, held: int) -> None:
    promised = math.prod(array.shape) * array.dtype.itemsize
    if held < promised and not array.dtype.hasobject:
        raise InputError(f"is truncated: its header promises {promised:,} bytes, got {held:,}")


@contextmanager
def _opened(path: Path, key: str) -> Iterator[tuple[IO[bytes], int]]:
    """Open the file of an array, and tell its size; errors of reading it name it."""
    title = f"{path}: {key}" if is_npz(path) else str(path)
    try:
        if is_npz(path):
            with zipfile.ZipFile(path) as archive, archive.open(f"{key}.npy") as member:
                yield member, archive.getinfo(f"{key}.npy").file_size
        else:
            with path.open("rb") as file:
                yield file, path.stat().st_size
    except FileNotFoundError:
        raise InputError(f"{path}: no such file") from None
    except InputError as error:
        raise InputError(f"{title}: {error}") from None
    except _UNREADABLE as error:
        text = " ".join(str(error).split()) or type(error).__name__
        raise InputError(f"{title}: cannot be read: {text}") from None


def _read_header(stream: IO[bytes]) -> tuple[tuple[int, ...], np.dtype[Any], bool]:
    version = np.lib.format.read_magic(stream)
    read = {(1, 0): np.lib.format.read_array_header_1_0, (2, 0): np.lib.format.read_array_header_2_0}.get(version)
    if read is None:
        raise InputError(f"must be numbers or text, got a file of NumPy's version {version} for tables")
    shape, in_columns, dtype = read(stream)
    return shape, dtype, in_columns and len(shape) > 1


def is_npz(path: Path) -> bool:
    """Say whether a file holds several arrays."""
    return path.suffix.lower() == ".npz"
