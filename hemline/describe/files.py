"""The files that a data set consists of, as its description names and identifies them."""

import hashlib
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, cast

from hemline.data.idx import open_idx, opened
from hemline.describe.find import Data
from hemline.errors import InputError
from hemline.images.tree import digest
from hemline.repository import repository

_CHUNK = 2**20
MANUAL = Path("data/manual")
Advance = Callable[[int], None]


def source_files(data: Data, advance: Advance = lambda _: None) -> list[dict[str, Any]]:
    """Return what ``SourceFile`` says of each file or folder; ``advance`` is called with the bytes that are read."""
    described = []
    for file in data.found.files:
        path = _absolute(file.path)
        size, sha256 = _size_and_digest(path, advance)
        part = {} if file.part is None else {"part": file.part}
        described.append({"name": path.name, "sha256": sha256, "bytes": size} | part)
    return described


def idx_files(data: Data) -> dict[str, dict[str, Any]]:
    """Return what ``Files`` says of the four IDX files."""
    described = {}
    for file in data.found.files:
        array = open_idx(file.path)
        with opened(file.path) as stream:
            sha256 = hashlib.file_digest(cast("Any", stream), "sha256").hexdigest()
        entry = {"name": file.path.name.removesuffix(".gz"), "sha256": sha256, "count": len(array)}
        described[f"{file.part}-{'labels' if array.ndim == 1 else 'images'}"] = entry
    return described


def sources(data: Data) -> list[str]:
    """Return the folder that holds the files, as ``sources`` names it; none outside the repository.

    A path of this machine would tell others who its user is, and lead nowhere on theirs.
    """
    folder = holding_folder(data)
    top = repository()
    return [folder.relative_to(top).as_posix()] if folder.is_relative_to(top) else []


def holding_folder(data: Data) -> Path:
    """Return the folder that holds the files; errors are those of ``sources``."""
    folders = sorted({_absolute(file.path).parent for file in data.found.files})
    if len(folders) > 1:
        raise InputError(f"{data.path}: all files must lie in one folder, got {[str(folder) for folder in folders]}")
    return folders[0]


def link(data: Data, name: str) -> str | None:
    """Let ``data/manual/<name>``, which git does not see, lead to data outside the repository; return the link.

    Where something else is there, that is an ``InputError``.
    """
    folder, place = holding_folder(data), repository() / MANUAL / name
    if folder.is_relative_to(repository()):
        return None
    if place.exists() and not place.is_symlink():
        raise InputError(f"{MANUAL / name}: is a folder with other data; move it away, or describe what it holds")
    place.parent.mkdir(parents=True, exist_ok=True)
    place.unlink(missing_ok=True)
    place.symlink_to(os.path.relpath(os.path.realpath(folder), os.path.realpath(place.parent)))
    return (MANUAL / name).as_posix()


def total_bytes(paths: Sequence[Path]) -> int:
    """Return the bytes of all files, and of folders' contents, roughly: for a progress bar."""
    total = 0
    for path in paths:
        if path.is_dir():
            total += sum((Path(top) / name).lstat().st_size for top, _, names in os.walk(path) for name in names)
        else:
            total += path.stat().st_size
    return total


def _absolute(path: Path) -> Path:
    return Path(os.path.abspath(path))  # noqa: PTH100 - links stay: users know what these are called


def _size_and_digest(path: Path, advance: Advance) -> tuple[int, str]:
    size = 0

    def count(read: int) -> None:
        nonlocal size
        size += read
        advance(read)

    if path.is_dir():
        sha256 = digest(path, count)
        return size, sha256
    whole = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            whole.update(chunk)
            count(len(chunk))
    return size, whole.hexdigest()
