"""Which format a path is in: every format is asked."""

import os
import tarfile
import zipfile
from collections import Counter
from collections.abc import Mapping
from itertools import chain, islice
from pathlib import Path
from typing import Any, NamedTuple

from hemline.data.findings import Findings
from hemline.data.normalized import Normalized
from hemline.errors import InputError
from hemline.formats.format import Found, Source, find_format, formats, open_source
from hemline.jobs.trained import Trained
from hemline.repository import repository
from hemline.words import listed

_READ = (
    "a folder with a folder of pictures for each class (.png, .jpg, .webp, .tif, .gif, .bmp; or a zip or tar of one), "
    "arrays (.npz, .npy), tables (.csv, .parquet), or the four IDX files of the MNIST family"
)
# What DVC removes before a stage writes it anew.
_REPLACED = (Path("data/raw"), Normalized.PATH, Findings.PATH, Trained.PATH, Path("reports"))
_PACKED = (".zip", ".tar", ".tgz", ".gz", ".bz2", ".xz")
_LOOKED_AT = 1000  # files of a folder; their endings tell what it holds


class Data(NamedTuple):
    """What was found at a path.

    Attributes:
        path: as the user named it.
        format: a module of ``hemline.formats``.
        found: its files and options.
        source: opened.
    """

    path: Path
    format: str
    found: Found
    source: Source


def find_data(path: Path, format_name: str | None = None, options: Mapping[str, Any] | None = None) -> Data:
    """Find out how the images at ``path`` are stored, and open them.

    Args:
        path: a file or a folder.
        format_name: the only format to ask; None: all are.
        options: of the format, in place of those that it finds by itself.

    Raises:
        InputError: there is nothing, or nothing that a format reads, or what several of them read.
    """
    if not path.exists():
        raise InputError(f"DATA: must be a file or a folder, got {str(path)!r}, which does not exist")
    _check_place(path)
    asked = formats() if format_name is None else [format_name]
    found, errors = {}, []
    for name in asked:
        try:
            answer = find_format(name, "--format").find(path)
        except InputError as error:
            errors.append(error)
            continue
        if answer is not None:
            found[name] = answer
    if not found:
        raise errors[0] if errors else InputError(f"DATA: must be {_READ}, got {_kind(path)} {str(path)!r}")
    if len(found) > 1:
        raise InputError(f"{path}: can be read as {' and as '.join(found)}; say which: --format {next(iter(found))}")
    ((name, answer),) = found.items()
    chosen = Found(answer.files, answer.options | {**(options or {})})
    return Data(path, name, chosen, open_source(name, chosen.files, chosen.options, path))


def _check_place(path: Path) -> None:
    for folder in _REPLACED:
        if path.resolve().is_relative_to(repository().resolve() / folder):
            raise InputError(
                f"DATA: must not lie in {folder}, which the pipeline replaces; "
                f"move it to data/manual/<name>, got {str(path)!r}"
            )


def _kind(path: Path) -> str:
    """Say in two or three words what the path is, as far as that tells why no format reads it."""
    if not path.is_dir():
        if zipfile.is_zipfile(path) or tarfile.is_tarfile(path):
            return "the archive"
        return "the damaged archive" if path.suffix.lower() in _PACKED else "the file"
    names = chain.from_iterable(files for _, _, files in os.walk(path))
    endings = Counter(Path(name).suffix.lower() or "no ending" for name in islice(names, _LOOKED_AT))
    if not endings:
        return "the empty folder"
    most = [ending for ending, _ in endings.most_common(3)]
    return f"the folder, of files with {listed(most)}:"
