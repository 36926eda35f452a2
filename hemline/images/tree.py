"""Picture files in a folder, or in an archive of one: their names, their bytes, and one digest of all of them.

Tables that lie with them are seen, too: they may say what the pictures show.
"""

import gzip
import hashlib
import io
import os
import shutil
import tarfile
import tempfile
import zipfile
import zlib
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from lzma import LZMAError
from pathlib import Path, PurePosixPath
from typing import IO, Any

from hemline.errors import InputError

PICTURES = frozenset({".bmp", ".gif", ".jpeg", ".jpg", ".png", ".tif", ".tiff", ".webp"})
TABLES = (".csv", ".csv.gz", ".parquet", ".tsv", ".tsv.gz")
# No picture of a data set comes near; an archive's member that is longer when it is decompressed is a bomb.
MOST_BYTES = 2**28
_EPOCH = (1980, 1, 1, 0, 0, 0)  # the first day that a zip file can tell
# What Python's readers of archives raise for damaged ones.
_DAMAGED = (
    zipfile.BadZipFile,
    tarfile.TarError,
    gzip.BadGzipFile,
    zlib.error,
    LZMAError,
    EOFError,
    KeyError,
    NotImplementedError,
    RuntimeError,
    ValueError,
)
Advance = Callable[[int], None]


class Tree(ABC):
    """Pictures and tables by their names: paths from the top, with slashes; whatever else is there is not seen."""

    @abstractmethod
    def files(self) -> list[str]:
        """Return the names of all pictures and tables, sorted by code points.

        Raises:
            InputError: the folder or the archive cannot be read.
        """

    def names(self) -> list[str]:
        """Return the names of all pictures, sorted by code points; errors are those of ``files``."""
        return [name for name in self.files() if not is_table(name)]

    def tables(self) -> list[str]:
        """Return the names of all tables, sorted by code points; errors are those of ``files``."""
        return [name for name in self.files() if is_table(name)]

    @abstractmethod
    def read(self, name: str) -> bytes:
        """Return the bytes of one of them; threads may do so side by side.

        Raises:
            InputError: it cannot be read, or has absurdly many bytes.
        """

    def read_or_error(self, name: str) -> bytes | InputError:
        """Return the bytes, or the error that ``read`` raises."""
        try:
            return self.read(name)
        except InputError as error:
            return error


class FolderTree(Tree):
    """The files below a folder; links are followed."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def files(self) -> list[str]:
        """See ``Tree``."""
        return sorted(_walk(self._path, PurePosixPath(), ()))

    def read(self, name: str) -> bytes:
        """See ``Tree``."""
        path = self._path / name
        try:
            with path.open("rb") as file:
                return _bounded(file, str(path))
        except FileNotFoundError:
            raise InputError(f"{path}: no such file") from None


class ZipTree(Tree):
    """The files of a zip file."""

    def __init__(self, path: Path, file: IO[bytes] | None = None) -> None:
        """Open it.

        Args:
            path: how it is called in errors.
            file: where its bytes are, if not there.
        """
        self._path = path
        try:
            self._zip = zipfile.ZipFile(file or path)
        except FileNotFoundError:
            raise InputError(f"{path}: no such file") from None
        except _DAMAGED as error:
            raise InputError(f"{path}: is no zip file, or a damaged one: {error}") from None
        members = [member.filename for member in self._zip.infolist() if not member.is_dir()]
        self._members = {str(PurePosixPath(name)): name for name in members if _is_seen(PurePosixPath(name))}

    def files(self) -> list[str]:
        """See ``Tree``."""
        return sorted(self._members)

    def read(self, name: str) -> bytes:
        """See ``Tree``."""
        try:
            with self._zip.open(self._members[name]) as file:
                return _bounded(file, f"{self._path}: {name}")
        except InputError:
            raise
        except _DAMAGED as error:
            raise InputError(f"{self._path}: {name}: cannot be read: {error}") from None


def open_tree(path: Path) -> Tree:
    """Open a folder, a zip file, or a tar file, whose pictures are then copied to a temporary one.

    Raises:
        InputError: it is neither.
    """
    if path.is_dir():
        return FolderTree(path)
    if zipfile.is_zipfile(path) or not is_archive(path):
        return ZipTree(path)
    file = tempfile.TemporaryFile()  # noqa: SIM115 - it lives as long as the tree
    pack(path, file)
    return ZipTree(path, file)


def is_table(name: str) -> bool:
    """Say whether a file is a table by its name: CSV, compressed or not, or Parquet."""
    return name.lower().endswith(TABLES)


def is_archive(path: Path) -> bool:
    """Say whether a file is an archive of files: zip, or tar compressed in any way."""
    return path.is_file() and (zipfile.is_zipfile(path) or tarfile.is_tarfile(path))


def pack(path: Path, target: Path | IO[bytes], advance: Advance = lambda _: None) -> str:
    """Put the files of a folder, of a tar or of a zip file into an uncompressed zip file: the same bytes each time.

    Args:
        path: the folder or the archive.
        target: the zip file.
        advance: called with the number of bytes of each.

    Returns:
        The digest of them, as ``digest`` gives it.

    Raises:
        InputError: they cannot be read.
    """
    with zipfile.ZipFile(target, "w", zipfile.ZIP_STORED) as packed:

        def add(name: str, content: bytes) -> None:
            packed.writestr(zipfile.ZipInfo(name, _EPOCH), content)
            advance(len(content))

        return _digest(_contents(path), add)


def digest(path: Path, advance: Advance = lambda _: None) -> str:
    """Return one digest over the sorted names and the bytes of all pictures and tables, hexadecimal.

    That is the SHA-256 of, for each file, its name in UTF-8, a zero byte, and the SHA-256 of its bytes.
    """
    return _digest(_contents(path), lambda _, content: advance(len(content)))


def _digest(files: Iterator[tuple[str, bytes]], take: Callable[[str, bytes], None]) -> str:
    whole = hashlib.sha256()
    for name, content in files:
        whole.update(name.encode(errors="surrogateescape") + b"\0" + hashlib.sha256(content).digest())
        take(name, content)
    return whole.hexdigest()


def _contents(path: Path) -> Iterator[tuple[str, bytes]]:
    if path.is_dir() or zipfile.is_zipfile(path):
        tree = open_tree(path)
        yield from ((name, tree.read(name)) for name in tree.files())
        return
    try:
        with _open_tar(path) as tar:
            paths = {PurePosixPath(each.name): each for each in tar if each.isfile()}
            members = {str(path): each for path, each in paths.items() if _is_seen(path)}
            for name in sorted(members):
                file = tar.extractfile(members[name])
                assert file is not None  # noqa: S101 - a regular file has contents
                yield name, _bounded(file, f"{path}: {name}")
    except InputError:
        raise
    except _DAMAGED as error:
        raise InputError(f"{path}: is neither a folder nor an archive of pictures: {error}") from None


@contextmanager
def _open_tar(path: Path) -> Iterator[tarfile.TarFile]:
    """Open a tar file for reading in any order: a compressed one would be unpacked anew for each step back."""
    with tarfile.open(path) as tar, ExitStack() as stack:
        stream: Any = tar.fileobj
        if isinstance(stream, io.BufferedReader):
            yield tar
            return
        unpacked = stack.enter_context(tempfile.TemporaryFile())
        stream.seek(0)
        shutil.copyfileobj(stream, unpacked)
        unpacked.seek(0)
        yield stack.enter_context(tarfile.open(fileobj=unpacked))


def _walk(top: Path, below: PurePosixPath, above: tuple[str, ...]) -> Iterator[str]:
    folder = top / below
    real = os.path.realpath(folder)
    if real in above:
        raise InputError(f"{folder}: is a link to a folder that it lies in; remove it")
    try:
        entries = list(os.scandir(folder))
    except FileNotFoundError:
        raise InputError(f"{folder}: no such folder") from None
    for entry in entries:
        path = below / entry.name
        if entry.name.startswith("."):
            continue
        if entry.is_dir():
            yield from _walk(top, path, (*above, real))
        elif _is_seen(path):
            yield path.as_posix()


def _is_seen(path: PurePosixPath) -> bool:
    # Archives made on a Mac hold a shadow of each file.
    is_shadow = any(part.startswith((".", "__MACOSX")) for part in path.parts)
    return not is_shadow and (path.suffix.lower() in PICTURES or is_table(path.name))


def _bounded(file: IO[bytes], name: str) -> bytes:
    content = file.read(MOST_BYTES + 1)
    if len(content) > MOST_BYTES:
        raise InputError(f"{name}: must have at most {MOST_BYTES:,} bytes, got more")
    return content
