"""NumPy's files as streams: what arrays they hold, and these some rows at a time. Nothing is unpickled."""

import math
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from hemline.errors import InputError, reading
from hemline.images.stored import ArrayInFile

_UNREADABLE = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, ValueError, SyntaxError)

_ARCHIVES = (".npz", ".zip")  # the first is one of .npy alone


class StoredArray(ArrayInFile):
    """An array in a file of NumPy's: read as it is stored, by rows, or whole where its first axis changes fastest."""

    def __init__(self, path: Path, key: str, header: tuple[tuple[int, ...], bool, np.dtype[Any]]) -> None:
        shape, in_columns, dtype = header
        super().__init__(path, key, shape, dtype)
        self._in_columns = in_columns and len(shape) > 1

    def rows(self, size: int) -> Iterator[NDArray[Any]]:
        """See ``ArrayInFile``."""
        with _opened(self.path, self.key) as (stream, _):
            if self._in_columns:  # which has to be read whole to see a row
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


def arrays_of(path: Path) -> list[ArrayInFile]:
    """Return the arrays of an ``.npz`` file, or that of an ``.npy`` file; an ``InputError`` if it is damaged."""
    keys = [path.stem]
    if path.suffix.lower() in _ARCHIVES:
        try:
            with reading(path), zipfile.ZipFile(path) as archive:
                keys = [name.removesuffix(".npy") for name in archive.namelist() if name.endswith(".npy")]
        except _UNREADABLE as error:
            raise InputError(f"{path}: is no file of NumPy's, or a damaged one: {error}") from None
    return [_described(path, key) for key in keys]


def is_zip_of_arrays(path: Path) -> bool:
    """Say whether a zip file holds ``.npy`` files alone, in whatever folders."""
    if not zipfile.is_zipfile(path):
        return False
    names = [name for name in zipfile.ZipFile(path).namelist() if not name.endswith("/")]
    return bool(names) and all(name.endswith(".npy") for name in names)


def _described(path: Path, key: str) -> StoredArray:
    with _opened(path, key) as (stream, size):
        array = StoredArray(path, key, _read_header(stream))
        promised, held = math.prod(array.shape) * array.dtype.itemsize, size - stream.tell()
        if held < promised and not array.dtype.hasobject:
            raise InputError(f"is truncated: its header promises {promised:,} bytes, got {held:,}")
        return array


@contextmanager
def _opened(path: Path, key: str) -> Iterator[tuple[IO[bytes], int]]:
    """Open the file of an array, and tell its size; errors of reading it name it."""
    with ExitStack() as files:
        if path.suffix.lower() in _ARCHIVES:
            files.enter_context(reading(f"{path}: {key}", *_UNREADABLE))
            archive = files.enter_context(zipfile.ZipFile(path))
            yield files.enter_context(archive.open(f"{key}.npy")), archive.getinfo(f"{key}.npy").file_size
        else:
            files.enter_context(reading(path, *_UNREADABLE))
            yield files.enter_context(path.open("rb")), path.stat().st_size


def _read_header(stream: IO[bytes]) -> tuple[tuple[int, ...], bool, np.dtype[Any]]:
    version = np.lib.format.read_magic(stream)
    read = {(1, 0): np.lib.format.read_array_header_1_0, (2, 0): np.lib.format.read_array_header_2_0}.get(version)
    if read is None:
        raise InputError(f"must be numbers or text, got a file of NumPy's version {version} for tables")
    return read(stream)
