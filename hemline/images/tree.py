"""Picture files in a folder, or in an archive of one: their names, their bytes, and one digest of all of them."""

import hashlib
import os
import tarfile
import zipfile
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from pathlib import Path, PurePosixPath
from typing import IO

from hemline.errors import InputError

PICTURES = frozenset({".bmp", ".gif", ".jpeg", ".jpg", ".png", ".tif", ".tiff", ".webp"})
# No picture of a data set comes near; an archive's member that is longer when it is decompressed is a bomb.
MOST_BYTES = 2**28
_EPOCH = (1980, 1, 1, 0, 0, 0)  # the first day that a zip file can tell
Advance = Callable[[int], None]


class Tree(ABC):
    """Picture files by their names: paths from the top, with slashes; whatever else is there is not seen."""

    @abstractmethod
    def names(self) -> list[str]:
        """Return the names of all pictures, sorted by code points.

        Raises:
            InputError: the folder or the archive cannot be read.
        """

    @abstractmethod
    def read(self, name: str) -> bytes:
        """Return the bytes of one of them; threads may do so side by side.

        Raises:
            InputError: it cannot be read, or has absurdly many bytes.
        """


class FolderTree(Tree):
    """The pictures below a folder; links are followed."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def names(self) -> list[str]:
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
    """The pictures of a zip file."""

    def __init__(self, path: Path) -> None:
        self._path = path
        try:
            self._zip = zipfile.ZipFile(path)
        except (zipfile.BadZipFile, EOFError, ValueError, NotImplementedError) as error:
            raise InputError(f"{path}: is no zip file, or a damaged one: {error}") from None

    def names(self) -> list[str]:
        """See ``Tree``."""
        members = [member.filename for member in self._zip.infolist() if not member.is_dir()]
        return sorted({name for name in members if _is_picture(PurePosixPath(name))})

    def read(self, name: str) -> bytes:
        """See ``Tree``."""
        try:
            with self._zip.open(name) as file:
                return _bounded(file, f"{self._path}: {name}")
        except (KeyError, zipfile.BadZipFile, EOFError, RuntimeError, ValueError, NotImplementedError) as error:
            raise InputError(f"{self._path}: {name}: cannot be read: {error}") from None


def open_tree(path: Path) -> Tree:
    """Open a folder or a zip file.

    Raises:
        InputError: it is neither.
    """
    return FolderTree(path) if path.is_dir() else ZipTree(path)


def is_archive(path: Path) -> bool:
    """Say whether a file is an archive of files: zip, or tar compressed in any way."""
    return path.is_file() and (zipfile.is_zipfile(path) or tarfile.is_tarfile(path))


def pack(path: Path, target: Path, advance: Advance = lambda _: None) -> str:
    """Put the pictures of a folder, or of a tar or zip file, into an uncompressed zip file: the same bytes each time.

    Args:
        path: the folder or the archive.
        target: the zip file.
        advance: called with the number of bytes of each picture.

    Returns:
        The digest of the pictures, as ``digest`` gives it.

    Raises:
        InputError: they cannot be read.
    """
    with zipfile.ZipFile(target, "w", zipfile.ZIP_STORED) as packed:

        def add(name: str, content: bytes) -> None:
            packed.writestr(zipfile.ZipInfo(name, _EPOCH), content)
            advance(len(content))

        return _digest(_pictures(path), add)


def digest(path: Path, advance: Advance = lambda _: None) -> str:
    """Return one digest over the sorted names and the bytes of all pictures, hexadecimal.

    That is the SHA-256 of, for each picture, its name in UTF-8, a zero byte, and the SHA-256 of its bytes.
    """
    return _digest(_pictures(path), lambda _, content: advance(len(content)))


def _digest(pictures: Iterator[tuple[str, bytes]], take: Callable[[str, bytes], None]) -> str:
    whole = hashlib.sha256()
    for name, content in pictures:
        whole.update(name.encode(errors="surrogateescape") + b"\0" + hashlib.sha256(content).digest())
        take(name, content)
    return whole.hexdigest()


def _pictures(path: Path) -> Iterator[tuple[str, bytes]]:
    if path.is_dir() or zipfile.is_zipfile(path):
        tree = open_tree(path)
        yield from ((name, tree.read(name)) for name in tree.names())
        return
    try:
        with tarfile.open(path) as tar:
            members = {each.name: each for each in tar if each.isfile() and _is_picture(PurePosixPath(each.name))}
            # Compressed ones are read from their start for each step back, so they had better be sorted.
            for name in sorted(members):
                file = tar.extractfile(members[name])
                assert file is not None  # noqa: S101 - a regular file has contents
                yield name, _bounded(file, f"{path}: {name}")
    except (tarfile.TarError, EOFError, ValueError) as error:
        raise InputError(f"{path}: is neither a folder nor an archive of pictures: {error}") from None


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
        elif _is_picture(path):
            yield path.as_posix()


def _is_picture(path: PurePosixPath) -> bool:
    # Archives made on a Mac hold a shadow of each file.
    return path.suffix.lower() in PICTURES and not any(part.startswith((".", "__MACOSX")) for part in path.parts)


def _bounded(file: IO[bytes], name: str) -> bytes:
    content = file.read(MOST_BYTES + 1)
    if len(content) > MOST_BYTES:
        raise InputError(f"{name}: must have at most {MOST_BYTES:,} bytes, got more")
    return content
