"""Picture files in a folder, or in an archive of one: their names, their bytes, and one digest of all of them.

Tables that lie with them are seen, too: they may say what the pictures show.
"""

import gzip
import hashlib
import io
import os
import posixpath
import re
import shutil
import tarfile
import tempfile
import zipfile
import zlib
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from functools import partial
from lzma import LZMAError
from pathlib import Path, PurePosixPath
from typing import IO, Any

from hemline.errors import InputError


def _endings(text: str) -> frozenset[str]:
    return frozenset(f".{ending}" for ending in text.split())


PICTURES = _endings(
    "apng avif avifs bmp dib gif j2k jfif jif jp2 jpe jpeg jpg pbm pcx pgm png pnm ppm tga tif tiff webp"
)
# Others are known by their first bytes; files of these endings never hold a picture that is read.
_NO_PICTURES = _endings(
    "ai ann arrow arw avi bin cr2 cr3 csv dat dcm dng eps exr h5 hdf5 hdr heic heif html ini ipynb jsonl json jxl lmdb "
    "log lsm mat md mdb mha mhd mkv mov mp4 nef nii npy npz ndpi orf parquet pdf pickle pkl psd pt pth py raf rst rw2 "
    "svg svs tex tfrecord txt webm xlsx xml yaml yml zip"
)
# Beside pictures, programs leave smaller copies of them in such folders.
_THUMBNAILS = frozenset({"@eadir", "thumbs", "thumbnails", "thumbnail", "$recycle.bin", "lost+found"})
_PLAIN_TABLES = (".csv", ".tsv", ".tab", ".parquet", ".arrow", ".feather", ".jsonl", ".ndjson")
TABLES = (*_PLAIN_TABLES, *(f"{table}{packed}" for table in (".csv", ".tsv") for packed in (".gz", ".bz2", ".zst")))
# No picture of a data set comes near; an archive's member that is longer when it is decompressed is a bomb.
MOST_BYTES = 2**28
_HEAD = 32  # bytes, by which a picture is known
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

    unseen: list[str]  # the names of all other files; of a folder that is hidden, of thumbnails or empty, with a slash

    @abstractmethod
    def files(self) -> list[str]:
        """Return the names of all pictures and tables, by code points; an ``InputError`` if they cannot be read."""

    def names(self) -> list[str]:
        """Return the names of all pictures, sorted by code points; errors are those of ``files``."""
        return [name for name in self.files() if not is_table(name)]

    def tables(self) -> list[str]:
        """Return the names of all tables, sorted by code points; errors are those of ``files``."""
        return [name for name in self.files() if is_table(name)]

    @abstractmethod
    def read(self, name: str) -> bytes:
        """Return the bytes of one, absurdly many of which are an ``InputError``; threads may do so side by side."""

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
        self.unseen: list[str] = []
        self._files: list[str] | None = None

    def files(self) -> list[str]:
        """See ``Tree``."""
        if self._files is None:
            self._files = []
            for name in sorted(_walk(self._path, "", ())):
                seen = not name.endswith("/") and is_seen(name, partial(self._head, name))
                (self._files if seen else self.unseen).append(name)
        return self._files

    def _head(self, name: str) -> bytes:
        try:
            with (self._path / name).open("rb") as file:
                return file.read(_HEAD)
        except OSError:  # a pipe, or an unreadable file
            return b""

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

    def __init__(self, path: Path) -> None:
        self._path = path
        try:
            self._zip = zipfile.ZipFile(path)
        except FileNotFoundError:
            raise InputError(f"{path}: no such file") from None
        except _DAMAGED as error:
            raise InputError(f"{path}: is no zip file, or a damaged one: {error}") from None
        self.unseen: list[str] = []
        self._members: dict[str, str] = {}
        for member in self._zip.infolist():
            name = str(PurePosixPath(member.filename.replace("\\", "/")))  # as Windows packs
            if is_seen(name, partial(self._head, member.filename)) and not member.is_dir():
                self._members[name] = member.filename
            elif not member.is_dir():
                self.unseen.append(name)

    def _head(self, name: str) -> bytes:
        try:
            with self._zip.open(name) as file:
                return file.read(_HEAD)
        except _DAMAGED:
            return b""

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


class TarTree(Tree):
    """The files of a tar file; one that is compressed is unpacked to a temporary file, to be read in any order."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self.unseen = []
        self._members: dict[str, tarfile.TarInfo] = {}
        try:
            with tarfile.open(path) as tar:
                is_plain = isinstance(tar.fileobj, io.BufferedReader)
                self._file: IO[bytes] = path.open("rb") if is_plain else _unpacked(tar)
            with tarfile.open(fileobj=self._file) as tar:
                members = {str(PurePosixPath(each.name)): each for each in tar if each.isreg() and not each.issparse()}
            for name in sorted(members):
                if is_seen(name, partial(self._content, members[name], _HEAD)):
                    self._members[name] = members[name]
                else:
                    self.unseen.append(name)
        except _DAMAGED as error:
            raise InputError(f"{path}: is neither a folder nor an archive of pictures: {error}") from None

    def files(self) -> list[str]:
        """See ``Tree``."""
        return list(self._members)

    def read(self, name: str) -> bytes:
        """See ``Tree``."""
        _check_size(self._members[name].size, f"{self._path}: {name}")
        return self._content(self._members[name], MOST_BYTES)

    def _content(self, member: tarfile.TarInfo, most: int) -> bytes:
        return os.pread(self._file.fileno(), min(member.size, most), member.offset_data)


def open_tree(path: Path) -> Tree:
    """Open a folder, a zip file, or a tar file; an ``InputError`` if it is none of these."""
    if path.is_dir():
        return FolderTree(path)
    return TarTree(path) if is_archive(path) and not zipfile.is_zipfile(path) else ZipTree(path)


def is_table(name: str) -> bool:
    """Say whether a file is a table by its name: CSV, compressed or not, Parquet, Arrow, or JSON in lines."""
    return name.lower().endswith(TABLES)


def is_picture(name: str, head: Callable[[], bytes]) -> bool:
    """Say whether a file is a picture: by its usual ending, else by its first 32 bytes, which ``head`` reads."""
    ending = posixpath.splitext(name)[1].lower()
    return ending in PICTURES or (ending not in _NO_PICTURES and is_picture_head(head()))


def is_picture_head(head: bytes) -> bool:
    """Say whether a picture begins so: JPEG, PNG, GIF, TIFF, WebP, AVIF, JPEG 2000, BMP or PNM."""
    if head.startswith((b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"GIF87a", b"GIF89a", b"II*\0", b"MM\0*")):
        return True
    if head.startswith(b"RIFF") or head[4:8] == b"ftyp":
        return head[8:12] in {b"WEBP", b"avif", b"avis"}
    if head.startswith((b"\0\0\0\x0cjP  ", b"\xff\x4f\xff\x51")):
        return True
    is_bitmap = head.startswith(b"BM") and head[6:10] == bytes(4) and head[15:18] == bytes(3)
    return is_bitmap or re.match(rb"P[1-6]\s[#0-9]", head) is not None


def is_archive(path: Path) -> bool:
    """Say whether a file is an archive of files: zip, or tar compressed in any way."""
    return path.is_file() and (zipfile.is_zipfile(path) or tarfile.is_tarfile(path))


def pack(path: Path, target: Path, advance: Advance = lambda _: None) -> str:
    """Put the files of a folder, of a tar or of a zip file into an uncompressed zip file: the same bytes each time.

    ``advance`` is called with the number of bytes of each. Returns the digest of them, as ``digest`` gives it.
    """
    with zipfile.ZipFile(target, "w", zipfile.ZIP_STORED) as packed:

        def add(name: str, content: bytes) -> None:
            packed.writestr(zipfile.ZipInfo(name, _EPOCH), content)
            advance(len(content))

        return _digest(path, add)


def digest(path: Path, advance: Advance = lambda _: None) -> str:
    """Return one digest over the sorted names and the bytes of all pictures and tables, hexadecimal.

    That is the SHA-256 of, for each file, its name in UTF-8, a zero byte, and the SHA-256 of its bytes.
    """
    return _digest(path, lambda _, content: advance(len(content)))


def _digest(path: Path, take: Callable[[str, bytes], None]) -> str:
    tree, whole = open_tree(path), hashlib.sha256()
    for name in tree.files():
        content = tree.read(name)
        whole.update(name.encode(errors="surrogateescape") + b"\0" + hashlib.sha256(content).digest())
        take(name, content)
    return whole.hexdigest()


def _unpacked(tar: tarfile.TarFile) -> IO[bytes]:
    """Return the contents of a compressed tar file, which would be unpacked again for each step back."""
    file = tempfile.TemporaryFile()  # noqa: SIM115 - it lives as long as the tree
    stream: Any = tar.fileobj
    stream.seek(0)
    shutil.copyfileobj(stream, file)
    file.seek(0)
    return file


def _walk(top: Path, below: str, above: tuple[str, ...]) -> Iterator[str]:
    folder = top / below
    real = os.path.realpath(folder)
    if real in above:
        raise InputError(f"{folder}: is a link to a folder that it lies in; remove it")
    try:
        entries = list(os.scandir(folder))
    except FileNotFoundError:
        raise InputError(f"{folder}: no such folder") from None
    if below and not entries:
        yield below
    for entry in entries:
        if not entry.is_dir():
            yield f"{below}{entry.name}"
        elif is_passed_over(entry.name):
            yield f"{below}{entry.name}/"
        else:
            yield from _walk(top, f"{below}{entry.name}/", (*above, real))


def is_passed_over(name: str) -> bool:
    """Say whether a file or a folder is hidden, of thumbnails, or what a Mac puts into archives."""
    return name.startswith((".", "__MACOSX")) or name.lower() in _THUMBNAILS


def is_seen(name: str, head: Callable[[], bytes]) -> bool:
    """Say whether a file is a picture or a table that is looked at; arguments are those of ``is_picture``."""
    return not any(map(is_passed_over, name.split("/"))) and (is_table(name) or is_picture(name, head))


def _bounded(file: IO[bytes], name: str) -> bytes:
    content = file.read(MOST_BYTES + 1)
    _check_size(len(content), name)
    return content


def _check_size(size: int, name: str) -> None:
    if size > MOST_BYTES:
        raise InputError(f"{name}: must have at most {MOST_BYTES:,} bytes, got more")
