"""The roles of a table's columns: label, group, part, and the place of the images."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from hemline.data.labels import natural_key, plain
from hemline.data.parts import words_of
from hemline.errors import InputError, reading
from hemline.tables.kinds import (
    IMAGES,
    Kind,
    Resolve,
    is_number,
    is_text,
    kind_of_images,
    ones,
    sample,
    values_of,
)
from hemline.tables.options import TableOptions
from hemline.tables.split import find_split, usual
from hemline.tables.table_file import TableFile
from hemline.words import either, first_quoted, option, word_set

# The likelier names first; a column of coordinates called `y` is none.
_LABELS = (
    "label labels class classes class_name classname class_label class_id target targets category y diagnosis dx "
    "species breed emotion digit letter genus disease variety grade cls"
)
_LABEL_WORDS = word_set("label labels class category target diagnosis breed species")
_OBJECTS = word_set(
    "patient subject lesion person participant individual object specimen session video scene writer slide patientid"
)
_NO_IMAGES = word_set("mask masks seg segmentation depth thumbnail thumb annotation hash")
# What programs write beside the data: the numbers of the rows.
_ROW_NUMBERS = frozenset({"", "id", "index", "unnamed: 0", "__index_level_0__"})


class NoLabelsError(InputError):
    """A table of images without a column of labels."""


@dataclass
class Roles:
    """The roles of the columns."""

    label: list[str]  # of labels; several, if each is of a class
    group: str | None  # of groups, if any
    split: str | None  # that says what a row is for, if any
    kind: Kind  # what the columns of images hold
    images: list[str]  # these columns
    told: list[str] = field(default_factory=list)  # what was not taken, in sentences

    def options(self) -> dict[str, Any]:
        """Return the options that say so."""
        label = self.label[0] if len(self.label) == 1 else self.label
        image = self.images[0] if self.kind != "pixels" else None
        found = {"label": label, "image": image, "group": self.group, "split": self.split}
        return {key: value for key, value in found.items() if value is not None}


def find_roles(file: TableFile, options: TableOptions, resolve: Resolve | None = None) -> Roles:
    """Return which column is what; ``resolve`` finds a picture that lies with the table.

    Raises:
        NoLabelsError: no column has labels.
        InputError: there is no such column, or it cannot be what it must be, or several can.
    """
    _check_known(file, ignore=options.ignore, label=options.labels, split=[options.split], group=[options.group])
    columns = {name: each for name, each in file.columns.items() if name not in options.ignore}
    taken = {*options.labels, options.split, options.group}
    kind, images = find_images(file, options, [name for name in columns if name not in taken], resolve)
    told: list[str] = []
    others = [name for name in columns if name not in images] if kind != "pixels" else _no_pixels(columns)
    split = options.split or find_split(file, options, others, told)
    rest = [name for name in others if name != split]
    label = options.labels or _find_label(file, rest, told, whole=kind != "pixels")
    group = options.group
    if group is None:
        group = _find_group(file, [name for name in others if name not in label], told)
    if kind == "pixels":
        images = _pixels(file, {n: columns[n] for n in columns if n not in {*label, split, group}}, told)
    return Roles(label, group, split, kind, images, told)


def find_images(
    file: TableFile, options: TableOptions, names: Sequence[str], resolve: Resolve | None
) -> tuple[Kind, list[str]]:
    """Return what kind of images there are, and which of some columns holds them; none for a column for each pixel.

    Where several columns may be it, that is an ``InputError``.
    """
    if options.image is not None:
        _check_known(file, image=[options.image])
        return kind_of_images(file, options.image, resolve) or "paths", [options.image]
    looked = {name: kind_of_images(file, name, resolve) for name in names if _NO_IMAGES.isdisjoint(words_of(name))}
    kinds = {name: kind for name, kind in looked.items() if kind is not None}
    if any(kinds[name] == "paths" and is_text(file.columns[name]) for name in kinds):
        kinds = {name: kind for name, kind in kinds.items() if not is_number(file.columns[name])}
    likely = [name for name in kinds if name.lower() in IMAGES]
    found = likely if len(likely) == 1 else [*kinds]
    if len(found) > 1 and not _same_pictures(file, found, kinds, resolve):
        rule = f"several columns hold pictures: {first_quoted(found)}"
        raise InputError(f"{file.path}: {rule}; say which: {either('image', found)}")
    return (kinds[found[0]], found[:1]) if found else ("pixels", [])


def _same_pictures(file: TableFile, names: Sequence[str], kinds: Mapping[str, Kind], resolve: Resolve | None) -> bool:
    """Say whether columns of paths name the same pictures."""
    if resolve is None or {kinds[name] for name in names} != {"paths"}:
        return False
    first, *rest = ([resolve(text) for text in sample(file, name)] for name in names)
    return all(first == each for each in rest)


def read_column(file: TableFile, name: str) -> NDArray[Any]:
    """Return a column's values, integers or text (rows,); an ``InputError`` if one is missing, or is no label."""
    values = values_of(file, name)
    missing = np.flatnonzero(values.is_null().to_numpy())
    array = values.to_numpy()
    if not missing.size and array.dtype == object:
        missing = np.flatnonzero([isinstance(each, str) and not each.strip() for each in array])
    if missing.size:
        raise InputError(f"{file.row(int(missing[0]))}: column {name!r}: must have a value, got none")
    with reading(f"{file.path}: column {name!r}"):
        return plain(array)


def read_texts(file: TableFile, column: str) -> NDArray[Any]:
    """Return the names of pictures, (rows,); numbers become text, and of Hugging Face's pictures it is the path."""
    if pa.types.is_struct(file.columns[column]):
        values = file.first_values(column, everything=True)
        return np.array([(value or {}).get("path") or "" for value in values], object)
    return np.array([str(value) for value in read_column(file, column).tolist()], object)


def check_alike(file: TableFile, first: TableFile, needed: Sequence[str], images: Sequence[str]) -> None:
    """Refuse a file that lacks columns that the first one has, by an ``InputError`` that names them."""
    missing = sorted(set(needed) - set(file.columns), key=natural_key)
    if missing:
        raise InputError(
            f"{file.path}: must have the columns of {first.path.name}, but differs in {first_quoted(missing)}"
        )
    for name in images if file.types_are_certain else ():
        if is_number(first.columns[name]) and is_text(file.columns[name]):
            rule = f"column {name!r}: must be {first.columns[name]} as in {first.path.name}"
            raise InputError(f"{file.path}: {rule}, got {file.columns[name]}")


def _check_known(file: TableFile, **named: Sequence[str | None]) -> None:
    """Refuse names of columns, by option, that the table has not."""
    known = first_quoted(file.columns)
    for key, names in named.items():
        for name in names:
            if name is not None and name not in file.columns:
                raise InputError(f"{file.path}: options.{key}: must be one of {known}, got {name!r}")


def _find_label(file: TableFile, names: Sequence[str], told: list[str], *, whole: bool) -> list[str]:
    known = {usual(name): name for name in reversed(names)}
    if "x" in known:
        known.pop("y", None)
    found = [known[each] for each in _LABELS.split() if each in known]
    if not found and whole and (one_hot := _one_hot(file, names)):
        return one_hot
    weak = [name for name in names if not _LABEL_WORDS.isdisjoint(words_of(name)) and name not in found]
    if found and weak:
        told.append(f"Not taken as labels: {first_quoted(weak)}; {option('label', '<column>')} does that.")
    if not (found := found or weak):
        rule = f"must have a column of labels ({', '.join(_LABELS.split()[:6])} ...)"
        raise NoLabelsError(f"{file.path}: {rule}, got {first_quoted(names)}; name it by {option('label', '<column>')}")
    return found if len(found) == 1 else [_one_of_same(file, found, told)]


def _one_of_same(file: TableFile, found: Sequence[str], told: list[str]) -> str:
    """Return one of several columns that divide the rows alike, of text if any is; an ``InputError`` if they do not."""
    first, *others = ([str(value) for value in values_of(file, name).to_pylist()] for name in found)
    classes = len(set(first))
    if any(not len(set(each)) == classes == len(set(zip(first, each, strict=True))) for each in others):
        rule = f"several columns may be the labels: {first_quoted(found)}"
        raise InputError(f"{file.path}: {rule}; say which: {either('label', found)}")
    best = next((name for name in found if is_text(file.columns[name])), found[0])
    told.append(f"Column {best!r} has the labels; {first_quoted([n for n in found if n != best])} says the same.")
    return best


def _one_hot(file: TableFile, names: Sequence[str]) -> list[str]:
    """Return columns of 0 and 1 of which each row has one 1."""
    numbers = [name for name in names if is_number(file.columns[name]) or pa.types.is_boolean(file.columns[name])]
    columns = {name: values for name in numbers if (values := ones(file, name)) is not None}
    sums = np.sum([*columns.values()], axis=0)
    if len(columns) > 1 and (sums == 1).all():
        return list(columns)
    if len(columns) > 2:  # noqa: PLR2004 - of two, one may be about something else
        rule = f"columns {first_quoted(columns)} are 0 or 1, and rows have {sums.min()} to {sums.max()} of them 1"
        raise NoLabelsError(f"{file.path}: {rule}: several labels for an image are no classes to tell apart")
    return []


def _find_group(file: TableFile, names: Sequence[str], told: list[str]) -> str | None:
    for name in names:
        if not _OBJECTS.isdisjoint(words_of(name)) or usual(name) == "case_id":
            values = sample(file, name)
            if all(values) and 1 < len(set(values)) < len(values):
                out = f"{option('ignore', [name])} goes without that"
                told.append(f"Images with the same {name!r} show one object, and a split keeps them together; {out}.")
                return name
    return None


def _no_pixels(columns: Mapping[str, pa.DataType]) -> list[str]:
    """Return the columns outside of the largest family of names that differ in their numbers only."""
    family = _family(columns, columns)
    return [name for name in columns if name not in family]


def _family(names: Sequence[str] | Mapping[str, Any], columns: Mapping[str, pa.DataType]) -> set[str]:
    numbers = [name for name in names if is_number(columns[name])]
    families: dict[str, list[str]] = {}
    for name in numbers:
        if (pattern := re.sub("[0-9]+", "#", name)) != name:
            families.setdefault(pattern, []).append(name)
    largest = max(families.values(), key=len, default=[])
    return set(largest) if 2 * len(largest) > len(numbers) and len(largest) > 3 else set()  # noqa: PLR2004 - pixels


def _pixels(file: TableFile, columns: Mapping[str, pa.DataType], told: list[str]) -> list[str]:
    names = [name for name in columns if name.lower() not in _ROW_NUMBERS]
    if family := _family(names, columns):
        ordered = sorted(family, key=natural_key)
        if left := [name for name in names if name not in family]:
            told.append(
                f"Columns {first_quoted(left)} are not looked at: the pixels are {ordered[0]} to {ordered[-1]}."
            )
        if ordered != [name for name in names if name in family]:
            out_of_order = "The columns of pixels are out of the order of their numbers"
            told.append(f"{out_of_order}, and read as {ordered[0]}, {ordered[1]} and so on.")
        return ordered
    if text := next((name for name in names if not is_number(columns[name])), None):
        rule = f"column {text!r}: must be numbers, as pixels are, got {columns[text]}"
        raise InputError(f"{file.path}: {rule}; {option('ignore', [text])} takes it out")
    if not names:
        raise InputError(
            f"{file.path}: must have columns of pixels, of pictures or of paths, got {first_quoted(file.columns)}"
        )
    return names
