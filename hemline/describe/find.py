"""Which format a path is in: every format is asked."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from hemline.errors import InputError
from hemline.formats.format import Found, Source, find_format, formats, open_source

_READ = (
    "a folder with a folder of pictures for each class (or a zip or tar of one), arrays (.npz, .npy), "
    "tables (.csv, .parquet), or the four IDX files of the MNIST family"
)


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


def _kind(path: Path) -> str:
    if not path.is_dir():
        return "the file"
    return "the folder" if any(path.iterdir()) else "the empty folder"
