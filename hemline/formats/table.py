"""Tables: CSV or Parquet with a column of labels, and the images in other columns.

These are a column for each pixel, in their order, as in the CSV files of Fashion-MNIST; or encoded pictures, as in
Hugging Face's Parquet files; or paths of pictures that lie in the same folder or archive as the table. A data set may
be in several files, whose names say what is for training and what is for testing; a column can say so, too.
"""

import posixpath
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from hemline.data.description import Part
from hemline.data.labels import natural_key
from hemline.data.parts import part_of, settled
from hemline.errors import InputError
from hemline.formats.format import Format, Found, Image, Labels, Located, RowsSource, Source, decoded
from hemline.images.layout import as_images
from hemline.images.tree import PICTURES, Tree, is_archive, is_table, open_tree
from hemline.schema import StrictModel
from hemline.tables.columns import TableOptions, guess_roles, read_column
from hemline.tables.rows import Rows
from hemline.tables.table_file import TableFile

_WORDS = re.compile(r"[A-Za-z]+")


class PixelTable(RowsSource):
    """Images whose pixels are columns."""

    def __init__(self, tables: Rows, options: TableOptions) -> None:
        self._tables = tables
        self._shape = options.shape

    def parts(self) -> dict[Part, Labels]:
        """See ``Source``."""
        return _labels(self._tables)

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

    def __init__(self, tables: Rows, tree: Tree | None) -> None:
        self._tables = tables
        self._tree = tree
        # Of a few bytes each; to find out now what is missing.
        self._paths = {part: self._resolved(part, tree) for part in tables.pieces} if tree is not None else None

    def parts(self) -> dict[Part, Labels]:
        """See ``Source``."""
        return _labels(self._tables)

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
            for row, text in zip(rows, read_column(file, column)[rows], strict=True):
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
        roles = guess_roles(TableFile(path))
        if roles is not None and roles.kind == "paths":
            rule = f"column {roles.images[0]!r} has paths of pictures; name the folder that holds them and the table"
            raise InputError(f"{path}: {rule}: {path.parent}")
        return Found([Located(path)])

    def open(self, files: Sequence[Located], options: StrictModel) -> Source:
        """See ``Format``."""
        assert isinstance(options, TableOptions)  # noqa: S101 - by `Options`
        if options.table is not None:
            return _open_beside_pictures(files, options.table, options)
        tables = Rows([(TableFile(file.path), _part(file)) for file in files], options)
        if tables.roles.kind == "paths":
            rule = f"column {tables.roles.images[0]!r} has paths, and no pictures lie beside the table"
            raise InputError(f"{files[0].path}: {rule}; describe the folder that holds both")
        return PixelTable(tables, options) if tables.roles.kind == "pixels" else PictureTable(tables, None)


def _labels(tables: Rows) -> dict[Part, Labels]:
    (codes, values), groups = tables.labels(), tables.groups()
    return {part: Labels(each, values, groups[part] if groups else None) for part, each in codes.items()}


def _open_beside_pictures(files: Sequence[Located], table: str | dict[Part, str], options: TableOptions) -> Source:
    if len(files) != 1:
        raise InputError(f"files: must be one folder, got {[file.path.name for file in files]}")
    path = files[0].path
    tree = open_tree(path)
    named: dict[str, Part | None] = {table: None} if isinstance(table, str) else {t: part for part, t in table.items()}
    for name in named:
        if name not in tree.tables():
            raise InputError(f"{path}: options.table: must be one of {tree.tables()}, got {name!r}")
    tables = Rows([(_table_in(tree, path, name), part) for name, part in named.items()], options)
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
            file for file in map(_looked_at, paths) if file and (roles := guess_roles(file)) and roles.kind != "paths"
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
        roles = guess_roles(_table_in(tree, path, name))
        if roles is not None and roles.kind == "paths":
            naming.append(name)
    parts = {part: name for name in naming if (part := _part_in(name))}
    if "train" in parts and len(parts) > 1:
        return settled(parts)
    return naming[0] if naming else None


def _part(file: Located) -> Part | None:
    return file.part or _part_in(file.path.name)


def _part_in(name: str) -> Part | None:
    return next(filter(None, map(part_of, reversed(_WORDS.findall(name)))), None)


def _why_not(path: str) -> str:
    if path.startswith(("/", "../")):
        return "must be a path inside the folder of the table"
    if posixpath.splitext(path)[1].lower() not in PICTURES:
        return "must be a picture's path"
    return "must be a picture that exists"


FORMAT = TableFormat()
