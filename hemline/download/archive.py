"""Archives: the wanted files out of a tar file that a stranger has made, within bounds of memory, disk and time."""

import gzip
import io
import shutil
import tarfile
import zlib
from collections.abc import Mapping
from pathlib import Path, PurePosixPath

from hemline.errors import InputError, writing

# A data set's package has some dozens; each one that is listed stays in memory.
MOST_MEMBERS = 10_000
# Members are read piece by piece; only what describes a member is read at once, and that is short.
_LARGEST_READ = 2**20


def is_gzip(path: Path) -> bool:
    """Tell by its content whether a file is compressed."""
    with path.open("rb") as stream:
        return stream.read(2) == b"\x1f\x8b"


def unpack(archive: Path, sizes: Mapping[str, int], folder: Path, limit: int) -> None:
    """Put the wanted files of a tar file, compressed by gzip or not, into ``folder``, which is made, and nowhere else.

    Args:
        archive: the tar file.
        sizes: by file name, at whatever place in the archive: the most bytes that it can have.
        folder: where the files go.
        limit: the most bytes that all of the archive can have, decompressed.

    Raises:
        InputError: the archive is damaged, or has more than it can have.
    """
    folder.mkdir()
    try:
        with gzip.open(archive) if is_gzip(archive) else archive.open("rb") as stream:
            _unpack(_Bounded(stream, limit), sizes, folder)
    except InputError:
        raise
    except (tarfile.TarError, EOFError, zlib.error, gzip.BadGzipFile, ValueError) as error:
        # Of fields that are no numbers or no text, Python's own errors come through.
        raise InputError(f"its package is damaged: {' '.join(str(error).split())}") from None


def _unpack(stream: "_Bounded", sizes: Mapping[str, int], folder: Path) -> None:
    with tarfile.open(fileobj=stream, mode="r:") as tar:
        for number, member in enumerate(tar):
            if number == MOST_MEMBERS:
                raise InputError(f"its package has more than {MOST_MEMBERS} files")
            # Only the last part of the member's name is used, so no member can leave the folder.
            name = PurePosixPath(member.name).name
            if name in sizes and member.isfile() and (content := tar.extractfile(member)) is not None:
                if member.size > sizes[name]:
                    raise InputError(f"{name} in its package is longer than the {sizes[name]} bytes that it can have")
                with writing(folder / name), (folder / name).open("wb") as target:
                    shutil.copyfileobj(content, target)


class _Bounded(io.RawIOBase):
    """A stream that ends with an error where a decompressed archive goes on and on."""

    def __init__(self, stream: io.BufferedIOBase, limit: int) -> None:
        super().__init__()
        self._stream = stream
        self._limit = limit

    def read(self, size: int = -1) -> bytes:
        if not 0 <= size <= _LARGEST_READ:
            raise InputError(f"its package has a description of {size} bytes")
        self._check(self._stream.tell() + size)
        return self._stream.read(size)

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        self._check(offset)
        return self._stream.seek(offset, whence)

    def tell(self) -> int:
        return self._stream.tell()

    def _check(self, offset: int) -> None:
        if offset > self._limit:
            raise InputError(f"its package has more than the {self._limit} bytes that it can have")
