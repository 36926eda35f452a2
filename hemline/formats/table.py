"""Tables: CSV, Parquet, Arrow or JSON in lines, with a column of labels, and the images in other columns.

These are a column for each pixel, as in the CSV files of Fashion-MNIST; or encoded pictures, as in Hugging Face's
files; or all pixels of an image in one column, as text or nested lists; or names of pictures that lie in the same
folder or archive as the table. A data set may be in several files, whose names or folders say what is for training and
what is for testing; a column can say so, too.
"""

import posixpath
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from hemline.data.description import Part
from hemline.data.labels import Labels
from hemline.data.parts import part_in, part_in_path, told_of
from hemline.errors import InputError
from hemline.formats.format import Format, Found, Image, Located, RowsSource, Source, decoded, only_folder
from hemline.images.layout import as_images
from hemline.images.tree import PICTURES, Tree, is_archive, is_table, open_tree
from hemline.tables.choose import choose, count_named_again, named_tables, table_in
from hemline.tables.columns import Roles, find_roles, read_texts
from hemline.tables.kinds import from_base64
from hemline.tables.options import TableOptions
from hemline.tables.pictures import Pictures
from hemline.tables.rows import Rows
from hemline.tables.table_file import TableFile, plain_array
from hemline.words import option

_PIXEL_KINDS = frozenset({"pixels", "text", "nested"})


class PixelTable(RowsSource):
    """Images whose pixels are columns, or all in one."""

    def __init__(self, tables: Rows, options: TableOptions, uses: Mapping[str, str]) -> None:
        self._tables = tables
        self._shape = options.shape
        self._uses = uses

    def parts(self) -> dict[Part, Labels]:
        """See ``Source``."""
        return self._tables.labels()

    def rows(self, part: Part) -> Iterator[Image]:
        """See ``RowsSource``."""
        kind = self._tables.roles.kind
        for file, batch in self._tables.batches(part, pa.string() if kind == "text" else pa.float32()):
            try:
                yield as_images(_numbers(kind, batch), self._shape)
            except InputError as error:
                advice = f"; {option('ignore', '[<column>]')} takes out what is no pixel" if kind == "pixels" else ""
                raise InputError(f"{file.path}: {error}{advice}") from None

    def stored_type(self) -> np.dtype[Any]:
        """See ``RowsSource``."""
        types = set()
        for file in {piece.file for pieces in self._tables.pieces.values() for piece in pieces}:
            for name in self._tables.roles.images:
                column = file.columns[name] if file.types_are_certain else pa.float32()
                while hasattr(column := getattr(column, "storage_type", column), "value_type"):
                    column = column.value_type
                types.add(column)
        return np.dtype(types.pop().to_pandas_dtype()) if len(types) == 1 else np.dtype(np.float32)

    def name(self, part: Part, index: int) -> str:
        """See ``Source``."""
        return self._tables.row(part, index)

    def uses(self) -> Iterator[tuple[str, str]]:
        """See ``Source``."""
        yield from self._uses.items()


class PictureTable(Source):
    """Encoded pictures in a column, or pictures whose names are."""

    def __init__(self, tables: Rows, uses: Mapping[str, str], tree: Tree | None, pictures: Pictures | None) -> None:
        self._tables = tables
        self._tree = tree
        self._uses = uses
        # Of a few bytes each; to find out now what is missing.
        self._paths = {part: self._resolved(part, pictures) for part in tables.pieces} if pictures else None

    def parts(self) -> dict[Part, Labels]:
        """See ``Source``."""
        return self._tables.labels()

    def images(self, part: Part) -> Iterator[Image | InputError]:
        """See ``Source``."""
        return decoded(self._contents(part), lambda index: self.name(part, index))

    def name(self, part: Part, index: int) -> str:
        """See ``Source``."""
        row = self._tables.row(part, index)
        return row if self._paths is None else f"{row}: {self._paths[part][index]}"

    def uses(self) -> Iterator[tuple[str, str]]:
        """See ``Source``."""
        yield from self._uses.items()
        if self._paths is not None and self._tree is not None:
            used = {name: part for part, names in self._paths.items() for name in names}
            for name in self._tree.names():
                yield name, f"image, {used[name]}" if name in used else "no row of the table names it"

    def _contents(self, part: Part) -> Iterator[bytes | InputError]:
        if self._tree is not None and self._paths is not None:
            yield from map(self._tree.read_or_error, self._paths[part])
            return
        index = 0
        text = self._tables.roles.kind == "base64"
        for _, batch in self._tables.batches(part, pa.string() if text else None):
            column = batch.column(0)
            for value in column.field("bytes") if pa.types.is_struct(column.type) else column:
                missing = InputError(f"{self.name(part, index)}: must have a picture, got none")
                yield missing if not value.is_valid else from_base64(value.as_py()) if text else value.as_py()
                index += 1

    def _resolved(self, part: Part, pictures: Pictures) -> list[str]:
        (column,) = self._tables.roles.images
        found = []
        for file, rows in self._tables.pieces[part]:
            folder = posixpath.dirname(file.inside)
            meant = part if part != "all" else part_in_path(file.inside.split("/"))
            for row, text in zip(rows, read_texts(file, column)[rows], strict=True):
                try:
                    path = pictures.find(folder, meant, text)
                    if path is None:
                        raise InputError(f"{_why_not(text)}, got {text!r}")  # noqa: TRY301 - named as those of `find`
                except InputError as error:
                    raise InputError(f"{file.row(int(row))}: column {column!r}: {error}") from None
                found.append(path)
        return found


class TableFormat(Format):
    """See the module."""

    Options = TableOptions

    def find(self, path: Path, options: TableOptions) -> Found | None:
        """See ``Format``."""
        if path.is_dir() or is_archive(path):
            return _find_in_tree(path, options)
        if not is_table(path.name):
            return None
        roles = find_roles(TableFile(path, header=options.header), options)
        if roles.kind == "paths":
            rule = f"column {roles.images[0]!r} has paths of pictures; name the folder that holds them and the table"
            raise InputError(f"{path}: {rule}: {path.parent}")
        return Found([Located(path)], _said(options, roles), [_taken(roles), *roles.told])

    def open(self, files: Sequence[Located], options: TableOptions) -> Source:
        """See ``Format``."""
        if options.table is not None:
            return _open_in_tree(only_folder(files), options)
        parts = [file.part or part_in(file.path.name.partition(".")[0]) for file in files]
        tables = [TableFile(file.path, header=options.header) for file in files]
        rows = Rows([*zip(tables, parts, strict=True)], options)
        if rows.roles.kind == "paths":
            rule = f"column {rows.roles.images[0]!r} has paths, and no pictures lie beside the table"
            raise InputError(f"{files[0].path}: {rule}; describe the folder that holds both")
        return _source(rows, options, {}, None, None)


def _source(
    tables: Rows, options: TableOptions, uses: Mapping[str, str], tree: Tree | None, pictures: Pictures | None
) -> Source:
    if tables.roles.kind in _PIXEL_KINDS:
        return PixelTable(tables, options, uses)
    return PictureTable(tables, uses, tree, pictures if tables.roles.kind == "paths" else None)


def _open_in_tree(path: Path, options: TableOptions) -> Source:
    tree = open_tree(path)
    named = named_tables(tree, path, options)
    pictures = Pictures(tree.names(), options.folder)
    tables = [(table_in(tree, path, name, options), part) for name, part in named.items()]
    resolve = pictures.resolver(posixpath.dirname(tables[0][0].inside), tables[0][1])
    uses = {name: f"table, {part or 'all'}" for name, part in named.items()}
    return _source(Rows(tables, options, resolve), options, uses, tree, pictures)


def _find_in_tree(path: Path, options: TableOptions) -> Found | None:
    tree = open_tree(path)
    pictures = Pictures(tree.names(), options.folder)
    chosen = choose(tree, path, options, pictures) if tree.tables() else None
    if chosen is None:
        return None
    names = [name for names in chosen.parts.values() for name in names]
    roles = chosen.tables[names[0]].roles
    told = [_taken(roles), *roles.told, *told_of(chosen.parts)]
    told += [f"{name} is not used: {reason}." for name, reason in chosen.aside.items()]
    if roles.kind == "paths" and (again := count_named_again(chosen, pictures)):
        told.append(f"{again:,} rows name a picture that another row names, too; it is there as often.")
    said, folders = _said(options, roles), {posixpath.dirname(name) for name in names}
    if roles.kind != "paths" and path.is_dir() and len(folders) == 1 and options.table is None:
        files = [Located(path / name, part) for part, names in chosen.parts.items() for name in names]
        return Found(files, said, told, chosen.aside)
    one = {part or "all": names[0] if len(names) == 1 else names for part, names in chosen.parts.items()}
    said["table"] = options.table or (one["all"] if set(one) == {"all"} else one)
    return Found([Located(path)], said, told, chosen.aside)


def _said(options: TableOptions, roles: Roles) -> dict[str, Any]:
    return options.model_dump(exclude_defaults=True) | roles.options()


def _taken(roles: Roles) -> str:
    """Say which columns are what."""
    first, last = roles.images[0], roles.images[-1]
    pixels = f"columns {first!r} to {last!r}, {len(roles.images)} pixels"
    images = pixels if roles.kind == "pixels" else f"column {first!r} ({roles.kind})"
    several = f"columns {roles.label[0]!r} to {roles.label[-1]!r}"
    labels = several if len(roles.label) > 1 else f"column {roles.label[0]!r}"
    more = [f"; {what}: column {name!r}" for what, name in (("split", roles.split), ("groups", roles.group)) if name]
    return f"Labels: {labels}; images: {images}{''.join(more)}."


def _numbers(kind: str, batch: pa.RecordBatch) -> NDArray[Any]:
    """Return the pixels of some rows, (n, pixels), or (n, height, width) and so on where lists are nested."""
    if kind == "pixels":
        return np.asarray(batch.to_tensor(null_to_nan=True, row_major=True).to_numpy())
    column = batch.column(0)
    if column.null_count:
        raise InputError("an image must have pixels, got none")
    if kind == "text":
        signs = str.maketrans("[](),;", "      ")
        if "..." in column[0].as_py():
            raise InputError("NumPy left out pixels as it wrote these arrays as text; save them by np.savez")
        rows = [np.fromstring(text.translate(signs), np.float32, sep=" ") for text in column.to_pylist()]
        if len({len(row) for row in rows}) > 1:
            raise InputError(f"images must have as many pixels each, got {sorted({len(row) for row in rows})}")
        return np.stack(rows)
    shape = list(getattr(column.type, "shape", []))
    values, sizes = plain_array(column), []
    while hasattr(values.type, "value_type"):
        inner = values.flatten()
        sizes.append(len(inner) // max(1, len(values)))
        lengths = values.value_lengths() if not pa.types.is_fixed_size_list(values.type) else None
        if lengths is not None and len(lengths.unique()) > 1:
            raise InputError("images must have as many pixels each, got lists of different lengths")
        values = inner
    return np.asarray(values.to_numpy(zero_copy_only=False)).reshape(len(column), *(shape or sizes))


def _why_not(text: str) -> str:
    if posixpath.normpath(text).startswith(("/", "../")):
        return "must be a path inside the folder of the table"
    if posixpath.splitext(text)[1].lower() not in PICTURES:
        return "must be a picture's path"
    return "must be a picture that exists"


FORMAT = TableFormat()
