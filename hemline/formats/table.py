"""Tables: CSV or Parquet with a column of labels, and the images in other columns.

These are a column for each pixel, in their order, as in the CSV files of Fashion-MNIST; or encoded pictures, as in
Hugging Face's Parquet files; or paths of pictures that lie in the same folder or archive as the table. A data set may
be in several files, whose names say what is for training and what is for testing; a column can say so, too.
"""

import posixpath
import re
from collections.abc import Iterator, Sequence
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, Literal, NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from pydantic import Field

from hemline.data.description import Part
from hemline.data.labels import check_classes, encode, natural_key, plain
from hemline.data.parts import part_of, settled
from hemline.data.table_file import TableFile
from hemline.errors import InputError
from hemline.formats.format import Format, Found, Image, Labels, Located, RowsSource, Source, decoded
from hemline.images.layout import as_images
from hemline.images.tree import PICTURES, Tree, is_archive, is_table, open_tree
from hemline.schema import Count, StrictModel

_LABELS = ("label", "labels", "class", "target", "y", "category")
_SPLITS = ("split",)
# What programs write beside the data: the numbers of the rows.
_ROW_NUMBERS = frozenset({"", "id", "index", "unnamed: 0", "__index_level_0__"})
_WORDS = re.compile(r"[A-Za-z]+")
_Kind = Literal["pixels", "encoded", "paths"]


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


class _Roles(NamedTuple):
    """Which column is what."""

    label: str
    group: str | None
    split: str | None
    kind: _Kind
    images: list[str]


class _Piece(NamedTuple):
    """What a file has of a part: all rows, or those of these indices."""

    file: TableFile
    rows: NDArray[np.int64]


class _Tables:
    """Files with the same columns, their labels, and which rows are of which part."""

    def __init__(self, files: Sequence[tuple[TableFile, Part | None]], options: TableOptions) -> None:
        first = files[0][0]
        self.roles = _roles(first, options)
        for file, _ in files[1:]:
            _check_alike(file, first)
        self._files = files
        # Short, and the number of rows of a CSV file is not known before.
        self._labels = {file: _column(file, self.roles.label) for file, _ in files}
        self.pieces = settled(self._split())

    def count(self, part: Part) -> int:
        """Return the number of images of a part."""
        return sum(len(piece.rows) for piece in self.pieces[part])

    def row(self, part: Part, index: int) -> str:
        """Return the file and the row of an image."""
        for file, rows in self.pieces[part]:
            if index < len(rows):
                return file.row(int(rows[index]))
            index -= len(rows)
        raise IndexError(index)

    def batches(self, part: Part, as_type: pa.DataType | None = None) -> Iterator[tuple[TableFile, pa.RecordBatch]]:
        """Yield the columns of images, some rows at a time, and the files."""
        for file, rows in self.pieces[part]:
            start = 0
            for batch in file.batches(self.roles.images, as_type):
                low, high = np.searchsorted(rows, (start, start + batch.num_rows))
                chosen = rows[low:high] - start
                start += batch.num_rows
                if len(chosen):
                    yield file, batch if len(chosen) == batch.num_rows else batch.take(pa.array(chosen))

    @cached_property
    def labels(self) -> dict[Part, Labels]:
        """The labels of each part."""
        first, column = self._files[0][0], self.roles.label
        names = first.class_names(column)
        columns = {part: self._named_labels(pieces, names) for part, pieces in self.pieces.items()}
        codes, values = encode(columns, order=names)
        try:
            check_classes(codes, values)
        except InputError as error:
            raise InputError(f"{first.path}: column {column!r}: {error}") from None
        group = self.roles.group
        if group is None:
            return {part: Labels(each, values) for part, each in codes.items()}
        whole = {file: _column(file, group) for file, _ in self._files}
        groups, _ = encode({p: np.concatenate([whole[f][rows] for f, rows in self.pieces[p]]) for p in codes})
        return {part: Labels(each, values, groups[part]) for part, each in codes.items()}

    def _named_labels(self, pieces: Sequence[_Piece], names: Sequence[str] | None) -> NDArray[Any]:
        labels = np.concatenate([self._labels[file][rows] for file, rows in pieces])
        if names is None:
            return labels
        outside = np.flatnonzero((labels < 0) | (labels >= len(names)))
        if outside.size:
            rule = f"must be from 0 to {len(names) - 1}, a number of a class"
            column = f"{pieces[0].file.path}: column {self.roles.label!r}"
            raise InputError(f"{column}: {rule}, got {labels[outside[0]]}")
        return np.asarray(np.array(names, object)[labels])

    def _split(self) -> dict[Part, list[_Piece]]:
        parts: dict[Part, list[_Piece]] = {}
        for file, part in self._files:
            count = len(self._labels[file])
            if not count:
                raise InputError(f"{file.path}: must have rows, got none")
            if self.roles.split is None:
                parts.setdefault(part or "all", []).append(_Piece(file, np.arange(count)))
                continue
            words = _column(file, self.roles.split)
            for word in dict.fromkeys(words.tolist()):
                named = part_of(str(word))
                if named is None:
                    index = int(np.flatnonzero(words == word)[0])
                    rule = f"column {self.roles.split!r}: must be train, test or validation"
                    raise InputError(f"{file.row(index)}: {rule}, got {word!r}")
                parts.setdefault(named, []).append(_Piece(file, np.flatnonzero(words == word)))
        if "all" in parts and len(parts) > 1:
            raise InputError(f"{parts['all'][0].file.path}: the name must say train, test or validation, as others do")
        return parts


class PixelTable(RowsSource):
    """Images whose pixels are columns."""

    def __init__(self, tables: _Tables, options: TableOptions) -> None:
        self._tables = tables
        self._shape = options.shape

    def parts(self) -> dict[Part, Labels]:
        """See ``Source``."""
        return self._tables.labels

    def rows(self, part: Part) -> Iterator[Image]:
        """See ``RowsSource``."""
        for file, batch in self._tables.batches(part, pa.float32()):
            pixels = batch.to_tensor(null_to_nan=True, row_major=True).to_numpy()
            try:
                yield as_images(pixels, self._shape)
            except InputError as error:
                raise InputError(
                    f"{file.path}: {error}; `--option 'ignore=[<column>]'` takes out what is no pixel"
                ) from None

    def stored_type(self) -> np.dtype[Any]:
        """See ``RowsSource``."""
        file = next(iter(self._tables.pieces.values()))[0].file
        types = {file.columns[name] for name in self._tables.roles.images} if file.types_are_certain else set()
        return np.dtype(types.pop().to_pandas_dtype()) if len(types) == 1 else np.dtype(np.float32)

    def name(self, part: Part, index: int) -> str:
        """See ``Source``."""
        return self._tables.row(part, index)


class PictureTable(Source):
    """Encoded pictures in a column, or pictures whose paths are."""

    def __init__(self, tables: _Tables, tree: Tree | None) -> None:
        self._tables = tables
        self._tree = tree
        # Of a few bytes each; to find out now what is missing.
        self._paths = {part: self._resolved(part, tree) for part in tables.pieces} if tree is not None else None

    def parts(self) -> dict[Part, Labels]:
        """See ``Source``."""
        return self._tables.labels

    def images(self, part: Part) -> Iterator[Image | InputError]:
        """See ``Source``."""
        return decoded(self._contents(part), lambda index: self.name(part, index))

    def name(self, part: Part, index: int) -> str:
        """See ``Source``."""
        row = self._tables.row(part, index)
        return row if self._paths is None else f"{row}: {self._paths[part][index]}"

    def _contents(self, part: Part) -> Iterator[bytes | InputError]:
        if self._tree is not None and self._paths is not None:
            yield from map(self._tree.read_or_error, self._paths[part])
            return
        index = 0
        for _, batch in self._tables.batches(part):
            column = batch.column(0)
            for value in column.field("bytes") if pa.types.is_struct(column.type) else column:
                missing = InputError(f"{self.name(part, index)}: must have a picture, got none")
                yield value.as_py() if value.is_valid else missing
                index += 1

    def _resolved(self, part: Part, tree: Tree) -> list[str]:
        names = set(tree.names())
        (column,) = self._tables.roles.images
        found = []
        for file, rows in self._tables.pieces[part]:
            inside = posixpath.dirname(file.inside)
            for row, text in zip(rows, _column(file, column)[rows], strict=True):
                path = posixpath.normpath(posixpath.join(inside, str(text).replace("\\", "/")))
                if path not in names:
                    raise InputError(f"{file.row(int(row))}: column {column!r}: {_why_not(path)}, got {text!r}")
                found.append(path)
        return found


class TableFormat(Format):
    """See the module."""

    Options = TableOptions

    def find(self, path: Path) -> Found | None:
        """See ``Format``."""
        if path.is_dir() and (files := _find_shards(path)):
            return Found(files)
        if path.is_dir() or is_archive(path):
            tables = _find_tables(path)
            return Found([Located(path)], {"table": tables}) if tables else None
        if not is_table(path.name):
            return None
        roles = _guessed(TableFile(path))
        if roles is not None and roles.kind == "paths":
            rule = f"column {roles.images[0]!r} has paths of pictures; name the folder that holds them and the table"
            raise InputError(f"{path}: {rule}: {path.parent}")
        return Found([Located(path)])

    def open(self, files: Sequence[Located], options: StrictModel) -> Source:
        """See ``Format``."""
        assert isinstance(options, TableOptions)  # noqa: S101 - by `Options`
        if options.table is not None:
            return _open_beside_pictures(files, options.table, options)
        tables = _Tables([(TableFile(file.path), _part(file)) for file in files], options)
        if tables.roles.kind == "paths":
            rule = f"column {tables.roles.images[0]!r} has paths, and no pictures lie beside the table"
            raise InputError(f"{files[0].path}: {rule}; describe the folder that holds both")
        return PixelTable(tables, options) if tables.roles.kind == "pixels" else PictureTable(tables, None)


def _open_beside_pictures(files: Sequence[Located], table: str | dict[Part, str], options: TableOptions) -> Source:
    if len(files) != 1:
        raise InputError(f"files: must be one folder, got {[file.path.name for file in files]}")
    path = files[0].path
    tree = open_tree(path)
    named: dict[str, Part | None] = {table: None} if isinstance(table, str) else {t: part for part, t in table.items()}
    for name in named:
        if name not in tree.tables():
            raise InputError(f"{path}: options.table: must be one of {tree.tables()}, got {name!r}")
    tables = _Tables([(_table_in(tree, path, name), part) for name, part in named.items()], options)
    if tables.roles.kind != "paths":
        raise InputError(
            f"{path}: {', '.join(named)}: must have a column of paths; name it by `--option image=<column>`"
        )
    return PictureTable(tables, tree)


def _table_in(tree: Tree, path: Path, name: str) -> TableFile:
    return TableFile(path / name, tree.read(name), name)


def _find_shards(path: Path) -> list[Located]:
    """Return the tables that hold images, of a folder or of the only folder with tables in it."""
    for folder in (path, *sorted(each for each in path.iterdir() if each.is_dir())):
        paths = [each for each in folder.iterdir() if is_table(each.name) and not each.name.startswith(".")]
        files = [
            file for file in map(_looked_at, paths) if file and (roles := _guessed(file)) and roles.kind != "paths"
        ]
        if files:
            # Others, an example of a submission to a contest say, have fewer columns.
            columns = max((file.columns for file in files), key=len)
            alike = sorted((file.path for file in files if file.columns == columns), key=lambda p: natural_key(p.name))
            return [Located(each) for each in alike]
    return []


def _looked_at(path: Path) -> TableFile | None:
    try:
        return TableFile(path)
    except InputError:
        return None


def _find_tables(path: Path) -> str | dict[Part, str] | None:
    """Return the table that names the pictures, or the tables of the parts."""
    tree = open_tree(path)
    names = tree.names()
    if not names:
        return None
    naming = []
    for name in tree.tables():
        roles = _guessed(_table_in(tree, path, name))
        if roles is not None and roles.kind == "paths":
            naming.append(name)
    parts = {part: name for name in naming if (part := _part_in(name))}
    if "train" in parts and len(parts) > 1:
        return settled(parts)
    return naming[0] if naming else None


def _guessed(file: TableFile) -> _Roles | None:
    """Return which column is what, None where that is to be said by options, or the table is of something else."""
    try:
        return _roles(file, TableOptions())
    except InputError:
        return None


def _part(file: Located) -> Part | None:
    return file.part or _part_in(file.path.name)


def _part_in(name: str) -> Part | None:
    return next(filter(None, map(part_of, reversed(_WORDS.findall(name)))), None)


def _roles(file: TableFile, options: TableOptions) -> _Roles:
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
        return _Roles(label, group, split, _kind(file, image), [image])
    pixels = [name for name in others if name.lower() not in _ROW_NUMBERS]
    text = [name for name in pixels if not _is_numeric(columns[name])]
    if text:
        rule = f"column {text[0]!r}: must be numbers, as pixels are, got {columns[text[0]]}"
        raise InputError(f"{file.path}: {rule}; `--option 'ignore=[{text[0]}]'` takes it out")
    if not pixels:
        raise InputError(f"{file.path}: must have columns of pixels, of pictures or of paths, got {_shown(columns)}")
    return _Roles(label, group, split, "pixels", pixels)


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


def _kind(file: TableFile, image: str) -> _Kind:
    if _is_encoded(file.columns[image]):
        return "encoded"
    return "paths"


def _is_encoded(column: pa.DataType) -> bool:
    if pa.types.is_struct(column):
        return "bytes" in {column.field(index).name for index in range(column.num_fields)}
    return bool(pa.types.is_binary(column)) or bool(pa.types.is_large_binary(column))


def _is_numeric(column: pa.DataType) -> bool:
    return bool(pa.types.is_integer(column) or pa.types.is_floating(column))


def _column(file: TableFile, name: str) -> NDArray[Any]:
    """Return a column's values, integers or text, none of them missing."""
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


def _check_alike(file: TableFile, first: TableFile) -> None:
    differing = sorted(set(file.columns) ^ set(first.columns), key=natural_key)
    if differing:
        raise InputError(f"{file.path}: must have the columns of {first.path.name}, but differs in {_shown(differing)}")
    if file.types_are_certain and file.columns != first.columns:
        name = next(name for name, each in file.columns.items() if first.columns[name] != each)
        rule = f"column {name!r}: must be {first.columns[name]} as in {first.path.name}"
        raise InputError(f"{file.path}: {rule}, got {file.columns[name]}")


def _why_not(path: str) -> str:
    if path.startswith(("/", "../")):
        return "must be a path inside the folder of the table"
    if posixpath.splitext(path)[1].lower() not in PICTURES:
        return "must be a picture's path"
    return "must be a picture that exists"


def _shown(columns: Sequence[str] | dict[str, Any]) -> str:
    names = list(columns)
    return f"{names[:8]}" + (f" and {len(names) - 8} more" if len(names) > 8 else "")  # noqa: PLR2004 - fits a line


FORMAT = TableFormat()
