"""The kind of a table's column, by its type and its first values: numbers, text, pictures, or names of pictures."""

import base64
import re
from collections.abc import Callable, Sequence
from typing import Literal

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from hemline.data.parts import words_of
from hemline.images.tree import PICTURES, is_picture_head
from hemline.tables.table_file import TableFile

IMAGES = ("image", "img", "picture", "photo", "images", "pixels")
_IDS = frozenset({"id", "image", "img", "file", "filename", "picture", "photo", "name", "number"})
_PIXEL_TEXT = re.compile(r"[\s\[(]*-?[0-9.]+([\s,;()\[\]]+-?[0-9.]+){5,}")
_SHORTEST = 40  # letters of a picture in base64
Kind = Literal["pixels", "encoded", "base64", "paths", "text", "nested"]
# Says which picture a text names, None where it is none.
Resolve = Callable[[str], str | None]


def kind_of_images(file: TableFile, name: str, resolve: Resolve | None) -> Kind | None:
    """Return what kind of images a column holds, None for none; ``resolve`` finds pictures that lie with the table."""
    column = file.columns[name]
    if _is_nested(column):
        return "nested"
    if _is_bytes(column):
        first = next((value for value in file.first_values(name) if value is not None), b"")
        if isinstance(first, dict):
            return "encoded" if first.get("bytes") else "paths" if first.get("path") else None
        return "encoded" if first and (is_picture_head(first[:32]) or name.lower() in IMAGES) else None
    is_id = pa.types.is_integer(column) and resolve is not None and not _IDS.isdisjoint(words_of(name))
    return _kind_of_text([text for text in sample(file, name) if text], resolve) if is_id or is_text(column) else None


def _kind_of_text(texts: Sequence[str], resolve: Resolve | None) -> Kind | None:
    if not texts:
        return None
    like_pictures = sum(text[text.rfind(".") :].lower() in PICTURES for text in texts)
    known = sum(resolve(text) is not None for text in texts) if resolve is not None else like_pictures
    if known and 2 * max(known, like_pictures) >= len(texts):
        return "paths"
    if _PIXEL_TEXT.match(texts[0]):
        return "text"
    return "base64" if len(texts[0]) > _SHORTEST and is_picture_head(from_base64(texts[0])[:32]) else None


def from_base64(text: str) -> bytes:
    """Return the bytes of a text, as it is or as an address `data:image/png;base64,...`; none of anything else."""
    try:
        return base64.b64decode(text.rpartition(",")[2], validate=True)
    except ValueError:
        return b""


def sample(file: TableFile, name: str) -> list[str]:
    """Return the first values of a column as text, empty where they are missing."""
    return ["" if value is None else str(value).strip() for value in file.first_values(name, pa.string())]


def values_of(file: TableFile, name: str) -> pa.ChunkedArray:
    """Return all values of a column; those of CSV as text."""
    batches = [batch.column(0) for batch in file.batches([name], pa.string())]
    return pa.chunked_array(batches, file.columns[name] if file.types_are_certain else pa.string())


def ones(file: TableFile, name: str) -> NDArray[np.bool_] | None:
    """Return where a column is 1; None if it is anything but 0 and 1 anywhere."""
    try:
        words = {"true": 1.0, "false": 0.0}
        values = np.array([words.get(str(v).strip().lower(), v) for v in values_of(file, name).to_pylist()], float)
    except (TypeError, ValueError):
        return None
    return values == 1 if np.isin(values, (0, 1)).all() else None


def is_text(column: pa.DataType) -> bool:
    """Say whether a column is of text."""
    return bool(pa.types.is_string(column) or pa.types.is_large_string(column))


def is_number(column: pa.DataType) -> bool:
    """Say whether a column is of numbers."""
    return bool(pa.types.is_integer(column) or pa.types.is_floating(column))


def _is_bytes(column: pa.DataType) -> bool:
    if pa.types.is_struct(column):
        return "bytes" in {column.field(index).name for index in range(column.num_fields)}
    return bool(pa.types.is_binary(column) or pa.types.is_large_binary(column))


def _is_nested(column: pa.DataType) -> bool:
    column = getattr(column, "storage_type", column)
    levels = 0
    while pa.types.is_list(column) or pa.types.is_large_list(column) or pa.types.is_fixed_size_list(column):
        column, levels = column.value_type, levels + 1
    return levels > 0 and is_number(column)
