"""Which column of a table is what: its label, its group, its part, and where its images are."""

import posixpath
from collections.abc import Sequence
from typing import Annotated, Any, Literal, NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from pydantic import Field

from hemline.data.description import Part
from hemline.data.labels import natural_key, plain
from hemline.errors import InputError
from hemline.images.tree import PICTURES
from hemline.schema import Count, StrictModel
from hemline.tables.table_file import TableFile

_LABELS = ("label", "labels", "class", "target", "y", "category")
_SPLITS = ("split",)
# What programs write beside the data: the numbers of the rows.
_ROW_NUMBERS = frozenset({"", "id", "index", "unnamed: 0", "__index_level_0__"})
Kind = Literal["pixels", "encoded", "paths"]


class TableOptions(StrictModel):
    """What the names of the columns do not tell.

    Attributes:
        label: the column of labels.
        image: the column of encoded pictures, or of their paths.
        group: a column: images of one object have the same there.
        split: a column that says train, test or validation.
        ignore: columns of numbers that are no pixels.
        shape: height and width, and channels if any, of images whose pixels are columns.
        table: in a folder of pictures, the file that names them; or one for each part.
    """

    label: str | None = None
    image: str | None = None
    group: str | None = None
    split: str | None = None
    ignore: list[str] = Field(default_factory=list)
    shape: Annotated[list[Count], Field(min_length=2, max_length=3)] | None = None
    table: str | dict[Part, str] | None = None


class Roles(NamedTuple):
    """Which column is what.

    Attributes:
        label: of labels.
        group: of groups, if any.
        split: that says what a row is for, if any.
        kind: what the columns of images hold.
        images: these columns.
    """

    label: str
    group: str | None
    split: str | None
    kind: Kind
    images: list[str]


def find_roles(file: TableFile, options: TableOptions) -> Roles:
    """Return which column is what.

    Raises:
        InputError: there is no such column, or it cannot be what it must be.
    """
    columns = file.columns
    label = _chosen(file, "label", options.label, _LABELS)
    if label is None:
        rule = f"must have a column of labels ({', '.join(_LABELS)})"
        raise InputError(f"{file.path}: {rule}, got {_shown(columns)}; name it by `--option label=<column>`")
    group = _chosen(file, "group", options.group, ())
    split = _chosen(file, "split", options.split, _SPLITS)
    for name in options.ignore:
        _chosen(file, "ignore", name, ())
    others = {name: columns[name] for name in columns if name not in {label, group, split, *options.ignore}}
    image = _chosen(file, "image", options.image, ()) or _image_column(file, others)
    if image is not None:
        return Roles(label, group, split, _kind(file, image), [image])
    pixels = [name for name in others if name.lower() not in _ROW_NUMBERS]
    text = [name for name in pixels if not _is_numeric(columns[name])]
    if text:
        rule = f"column {text[0]!r}: must be numbers, as pixels are, got {columns[text[0]]}"
        raise InputError(f"{file.path}: {rule}; `--option 'ignore=[{text[0]}]'` takes it out")
    if not pixels:
        raise InputError(f"{file.path}: must have columns of pixels, of pictures or of paths, got {_shown(columns)}")
    return Roles(label, group, split, "pixels", pixels)


def guess_roles(file: TableFile) -> Roles | None:
    """Return which column is what, None where that is to be said by options, or the table is of something else."""
    try:
        return find_roles(file, TableOptions())
    except InputError:
        return None


def read_column(file: TableFile, name: str) -> NDArray[Any]:
    """Return a column's values, integers or text (rows,).

    Raises:
        InputError: one of them is missing, or is no label.
    """
    batches = [batch.column(0) for batch in file.batches([name], pa.string())]
    column = pa.chunked_array(batches, file.columns[name] if file.types_are_certain else pa.string())
    values = column.cast(column.type.value_type) if pa.types.is_dictionary(column.type) else column
    missing = np.flatnonzero(values.is_null().to_numpy())
    array = values.to_numpy()
    if not missing.size and array.dtype == object:
        missing = np.flatnonzero(array == "")
    if missing.size:
        raise InputError(f"{file.row(int(missing[0]))}: column {name!r}: must have a value, got none")
    try:
        return plain(array)
    except InputError as error:
        raise InputError(f"{file.path}: column {name!r}: {error}") from None


def check_alike(file: TableFile, first: TableFile) -> None:
    """Refuse a file that has other columns than the first.

    Raises:
        InputError: with the columns that differ.
    """
    differing = sorted(set(file.columns) ^ set(first.columns), key=natural_key)
    if differing:
        raise InputError(f"{file.path}: must have the columns of {first.path.name}, but differs in {_shown(differing)}")
    if file.types_are_certain and file.columns != first.columns:
        name = next(name for name, each in file.columns.items() if first.columns[name] != each)
        rule = f"column {name!r}: must be {first.columns[name]} as in {first.path.name}"
        raise InputError(f"{file.path}: {rule}, got {file.columns[name]}")


def _chosen(file: TableFile, option: str, name: str | None, usual: Sequence[str]) -> str | None:
    """Return the column that the option names, or the first that is called as usual."""
    if name is not None:
        if name not in file.columns:
            raise InputError(f"{file.path}: options.{option}: must be one of {_shown(file.columns)}, got {name!r}")
        return name
    lower = {column.lower(): column for column in reversed(file.columns)}
    return next((lower[each] for each in usual if each in lower), None)


def _image_column(file: TableFile, columns: dict[str, pa.DataType]) -> str | None:
    pictures = [name for name, each in columns.items() if _is_encoded(each)]
    if pictures:
        return pictures[0]
    texts = [name for name, each in columns.items() if pa.types.is_string(each) or pa.types.is_large_string(each)]
    first = next(file.batches(texts), None) if texts else None
    if first is None or not first.num_rows:
        return None
    values = {name: str(first.column(index)[0]) for index, name in enumerate(texts)}
    return next((name for name, value in values.items() if posixpath.splitext(value)[1].lower() in PICTURES), None)


def _kind(file: TableFile, image: str) -> Kind:
    if _is_encoded(file.columns[image]):
        return "encoded"
    return "paths"


def _is_encoded(column: pa.DataType) -> bool:
    if pa.types.is_struct(column):
        return "bytes" in {column.field(index).name for index in range(column.num_fields)}
    return bool(pa.types.is_binary(column)) or bool(pa.types.is_large_binary(column))


def _is_numeric(column: pa.DataType) -> bool:
    return bool(pa.types.is_integer(column) or pa.types.is_floating(column))


def _shown(columns: Sequence[str] | dict[str, Any]) -> str:
    names = list(columns)
    return f"{names[:8]}" + (f" and {len(names) - 8} more" if len(names) > 8 else "")  # noqa: PLR2004 - fits a line
