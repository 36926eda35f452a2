"""The format of a path: every format is asked, with the user's options."""

import tarfile
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from hemline.data.findings import Findings
from hemline.data.normalized import Normalized
from hemline.errors import InputError
from hemline.formats.format import Found, Source, find_format, formats, open_source, parse_options
from hemline.images.names import are_generic
from hemline.images.tree import is_archive
from hemline.images.unread import unread
from hemline.jobs.trained import Trained
from hemline.repository import repository
from hemline.words import first_listed

_READ = (
    "a folder with a folder of pictures for each class (or a zip or tar of one), arrays (.npz, .npy, .mat, .h5, IDX, "
    "CIFAR's files), or tables (.csv, .parquet, .arrow, .jsonl)"
)
# Outputs that DVC removes before a stage writes them again.
_REPLACED = (Path("data/raw"), Normalized.PATH, Findings.PATH, Trained.PATH, Path("reports"))
_PACKED = (".tar", ".tgz", ".gz", ".bz2", ".xz", ".zip")


class Data(NamedTuple):
    """The data found at a path."""

    path: Path  # as the user named it
    format: str  # a module of ``hemline.formats``
    found: Found  # its files and options
    source: Source  # opened


def find_data(path: Path, format_name: str | None = None, options: Mapping[str, Any] | None = None) -> Data:
    """Find out how the images of a file or a folder are stored, and open them.

    Args:
        path: of the file or the folder.
        format_name: the only format to ask; None: all are that know the options.
        options: of the format; what they leave open, it finds by itself.

    Raises:
        InputError: there is nothing, or nothing that a format reads, or several readings are plausible.
    """
    if not path.exists():
        raise InputError(f"DATA: must be a file or a folder, got {str(path)!r}, which does not exist")
    _check_place(path)
    given = options or {}
    found: dict[str, Found] = {}
    errors: dict[str, InputError] = {}
    for name in _asked(format_name, given):
        form = find_format(name, "--format")
        try:
            answer = form.find(path, parse_options(name, given, Path("--option")))
        except InputError as error:
            errors[name] = error
        else:
            if answer is not None:
                found[name] = answer
    name = _chosen(path, found, errors)
    answer = found[name]
    return Data(path, name, answer, open_source(name, answer.files, answer.options, path))


def _asked(format_name: str | None, options: Mapping[str, Any]) -> list[str]:
    """Return the formats that know all of the options; if none does, those that know the most."""
    if format_name is not None:
        return [format_name]
    known = {name: len(options.keys() & find_format(name).Options.model_fields.keys()) for name in formats()}
    most = max(known.values())
    return [name for name, count in known.items() if count == most]


def _chosen(path: Path, found: dict[str, Found], errors: dict[str, InputError]) -> str:
    """Return the format that reads the path, or refuse; a table that names pictures says more than their folders."""
    if not found:
        raise _nothing(path, errors)
    if "table" in errors and "folder" in found and not _says_nothing(found["folder"], path):
        raise InputError(f"{errors['table']}; or `--format folder` takes the folders as the classes")
    if "table" in errors and len(found) == 1 and "folder" in found:
        raise errors["table"]
    if "folder" in errors and "table" in found:
        _check_most_are_named(path, found["table"], errors["folder"])
    if {"folder", "table"} <= set(found):
        found.pop(_less(path, found))
    if len(found) > 1:
        each = " or ".join(f"`--format {name}`" for name in found)
        raise InputError(f"{path}: can be read as {' and as '.join(found)}; say which: {each}")
    (name,) = found
    return name


def _check_most_are_named(path: Path, table: Found, error: InputError) -> None:
    """Raise the error of folders that hold most pictures, if the table's rows name few of them."""
    uses = [use for _, use in open_source("table", table.files, table.options, path).uses()]
    named, left = (sum(use.startswith(start) for use in uses) for start in ("image, ", "no row "))
    if named and left > named:
        tables = table.options["table"]
        rule = f"{tables} names {named:,} of {named + left:,} pictures, which `--format table` takes"
        raise InputError(f"{error}; or {rule}")


def _less(path: Path, found: dict[str, Found]) -> str:
    """Return which of folder and table says less: both may say the same, or the folders nothing."""
    if _says_nothing(found["folder"], path):
        return "folder"
    folder, table = (open_source(name, found[name].files, found[name].options, path) for name in ("folder", "table"))
    if _agree(folder, table, path):
        richer = len(table.parts()) > len(folder.parts()) or next(iter(table.parts().values())).groups is not None
        return "folder" if richer else "table"
    label, folders = found["table"].options.get("label"), next(iter(folder.parts().values())).values
    shown = ", ".join(folders[:4])
    raise InputError(
        f"{path}: column {label!r} of a table and the folders ({shown}) say different classes: "
        f"`--format table` takes the column, `--format folder` the folders"
    )


def _says_nothing(found: Found, path: Path) -> bool:
    """Say whether folders are no classes by their names, as part_1, images."""
    source = open_source("folder", found.files, found.options, path)
    try:
        values = next(iter(source.parts().values())).values
    except InputError:
        return True
    return bool(found.options.get("label")) or are_generic(values)


def _agree(folder: Source, table: Source, path: Path) -> bool:
    """Say whether two sources divide the pictures that both have into the same classes."""
    first, second = _classes(folder, path), _classes(table, path)
    pairs = {(first[name], second[name]) for name in first.keys() & second.keys()}
    return bool(pairs) and len(pairs) == len({left for left, _ in pairs}) == len({right for _, right in pairs})


def _classes(source: Source, path: Path) -> dict[str, int]:
    """Return the class of each picture."""
    return {
        source.name(part, index).rpartition(": ")[2].removeprefix(f"{path}/"): code
        for part, labels in source.parts().items()
        for index, code in enumerate(labels.codes.tolist())
    }


def _check_place(path: Path) -> None:
    for folder in _REPLACED:
        if path.resolve().is_relative_to(repository().resolve() / folder):
            raise InputError(
                f"DATA: must not lie in {folder}, which the pipeline replaces; "
                f"move it to data/manual/<name>, got {str(path)!r}"
            )


def _nothing(path: Path, errors: Mapping[str, InputError]) -> InputError:
    """Return why no format reads the path: what it holds that is converted first, or what a format says."""
    if "folder" not in errors and (advice := unread(path, pictures=True)):
        return InputError(f"{path}: {advice}")
    first = ("table", "arrays") if "folder" in errors else ("arrays", "table")  # where the images are
    order = [errors[name] for name in (*first, "idx", "webdataset", "folder") if name in errors]
    packed = [name.name for name in sorted(path.iterdir()) if is_archive(name)] if path.is_dir() else []
    if order and packed and not {"folder", "webdataset"} & errors.keys():
        return InputError(f"{order[0]}; unpack {first_listed(packed)} first")
    if order:
        return order[0]
    is_damaged = path.is_file() and path.suffix.lower() in _PACKED and _kind(path) == "the damaged archive"
    advice = None if is_damaged else unread(path)
    if advice is not None:
        return InputError(f"{path}: {advice}")
    return [*errors.values(), InputError(f"DATA: must be {_READ}, got {_kind(path)} {str(path)!r}")][0]


def _kind(path: Path) -> str:
    if path.is_dir():
        return "the folder" if any(path.iterdir()) else "the empty folder"
    if zipfile.is_zipfile(path) or tarfile.is_tarfile(path):
        return "the archive, which must be unpacked first:"
    return "the damaged archive" if path.suffix.lower() in _PACKED else "the file"
