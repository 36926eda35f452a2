"""Tables: CSV, Parquet, Arrow or JSON in lines, with a column of labels, and the images in other columns.

These are a column for each pixel, as in the CSV files of Fashion-MNIST; or encoded pictures, as in Hugging Face's
files; or all pixels of an image in one column, as text or nested lists; or names of pictures that lie in the same
folder or archive as the table. A data set may be in several files, whose names or folders say what is for training and
what is for testing; a column can say so, too.
"""

import math
import posixpath
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from hemline.data.description import Part
from hemline.data.labels import natural_key
from hemline.data.parts import part_in, part_in_path, told_of
from hemline.errors import InputError
from hemline.formats.format import Format, Found, Image, Labels, Located, RowsSource, Source, decoded
from hemline.images.layout import as_images
from hemline.images.tree import PICTURES, Tree, is_archive, is_table, open_tree
from hemline.schema import StrictModel
from hemline.tables.columns import NoLabelsError, Roles, find_images, find_roles, read_column
from hemline.tables.kinds import Resolve, from_base64
from hemline.tables.options import TableOptions
from hemline.tables.pictures import Pictures
from hemline.tables.rows import Rows
from hemline.tables.table_file import TableFile, plain_array

_LEAST_PIXELS = 4  # of columns that may be an image beside other files
_DUMMIES = frozenset({"submission", "sample", "example"})
# What names of shards differ in: numbers, and the hashes that Hugging Face adds.
_HASH = re.compile(r"-[0-9a-f]{8,}|[0-9]+")
_PIXEL_KINDS = frozenset({"pixels", "text", "nested"})


class PixelTable(RowsSource):
    """Images whose pixels are columns, or all in one."""

    def __init__(self, tables: Rows, options: TableOptions, uses: Mapping[str, str]) -> None:
        self._tables = tables
        self._shape = options.shape
        self._uses = uses

    def parts(self) -> dict[Part, Labels]:
        """See ``Source``."""
        return _labels(self._tables)

    def rows(self, part: Part) -> Iterator[Image]:
        """See ``RowsSource``."""
        kind = self._tables.roles.kind
        for file, batch in self._tables.batches(part, pa.string() if kind == "text" else pa.float32()):
            try:
                yield as_images(_numbers(kind, batch), self._shape)
            except InputError as error:
                advice = "; `--option 'ignore=[<column>]'` takes out what is no pixel" if kind == "pixels" else ""
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
        return _labels(self._tables)

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
            for row, text in zip(rows, _texts(file, column)[rows], strict=True):
                try:
                    path = pictures.find(folder, meant, text)
                except InputError as error:
                    raise InputError(f"{file.row(int(row))}: column {column!r}: {error}") from None
                if path is None:
                    raise InputError(f"{file.row(int(row))}: column {column!r}: {_why_not(text)}, got {text!r}")
                found.append(path)
        return found


class TableFormat(Format):
    """See the module."""

    Options = TableOptions

    def find(self, path: Path, options: StrictModel) -> Found | None:
        """See ``Format``."""
        assert isinstance(options, TableOptions)  # noqa: S101 - by `Options`
        if path.is_dir() or is_archive(path):
            return _find_in_tree(path, options)
        if not is_table(path.name):
            return None
        file = TableFile(path, header=options.header)
        roles = find_roles(file, options)
        if roles.kind == "paths":
            rule = f"column {roles.images[0]!r} has paths of pictures; name the folder that holds them and the table"
            raise InputError(f"{path}: {rule}: {path.parent}")
        return Found([Located(path)], _said(options, roles), [_taken(roles), *roles.told])

    def open(self, files: Sequence[Located], options: StrictModel) -> Source:
        """See ``Format``."""
        assert isinstance(options, TableOptions)  # noqa: S101 - by `Options`
        if options.table is not None:
            return _open_in_tree(files, options)
        named = [(TableFile(file.path, header=options.header), _part(file)) for file in files]
        tables = Rows(named, options)
        if tables.roles.kind == "paths":
            rule = f"column {tables.roles.images[0]!r} has paths, and no pictures lie beside the table"
            raise InputError(f"{files[0].path}: {rule}; describe the folder that holds both")
        return _source(tables, options, {}, None, None)


def _source(
    tables: Rows, options: TableOptions, uses: Mapping[str, str], tree: Tree | None, pictures: Pictures | None
) -> Source:
    if tables.roles.kind in _PIXEL_KINDS:
        return PixelTable(tables, options, uses)
    return PictureTable(tables, uses, tree, pictures if tables.roles.kind == "paths" else None)


def _said(options: TableOptions, roles: Roles) -> dict[str, Any]:
    return options.model_dump(exclude_defaults=True) | roles.options()


def _taken(roles: Roles) -> str:
    """Say which columns are what."""
    images = (
        f"columns {roles.images[0]!r} to {roles.images[-1]!r}, {len(roles.images)} pixels"
        if roles.kind == "pixels"
        else (f"column {roles.images[0]!r} ({roles.kind})")
    )
    labels = (
        f"column {roles.label[0]!r}" if len(roles.label) == 1 else f"columns {roles.label[0]!r} to {roles.label[-1]!r}"
    )
    more = "".join(
        f"; {what}: column {name!r}" for what, name in (("split", roles.split), ("groups", roles.group)) if name
    )
    return f"Labels: {labels}; images: {images}{more}."


def _labels(tables: Rows) -> dict[Part, Labels]:
    (codes, values), groups = tables.labels(), tables.groups()
    return {part: Labels(each, values, groups[part] if groups else None) for part, each in codes.items()}


def _numbers(kind: str, batch: pa.RecordBatch) -> NDArray[Any]:
    """Return the pixels of some rows, (n, pixels), or (n, height, width) and so on where lists are nested."""
    if kind == "pixels":
        return np.asarray(batch.to_tensor(null_to_nan=True, row_major=True).to_numpy())
    column = batch.column(0)
    if column.null_count:
        raise InputError("an image must have pixels, got none")
    if kind == "text":
        signs = str.maketrans("[](),;", "      ")
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


def _texts(file: TableFile, column: str) -> NDArray[Any]:
    """Return the names of pictures, (rows,); numbers become text, and of Hugging Face's pictures it is the path."""
    if pa.types.is_struct(file.columns[column]):
        return np.array(
            [(value or {}).get("path") or "" for value in file.first_values(column, everything=True)], object
        )
    return np.array([str(value) for value in read_column(file, column).tolist()], object)


def _open_in_tree(files: Sequence[Located], options: TableOptions) -> Source:
    if len(files) != 1:
        raise InputError(f"files: must be one folder, got {[file.path.name for file in files]}")
    path = files[0].path
    tree = open_tree(path)
    named = _named(options)
    for name in named:
        if name not in tree.tables():
            raise InputError(f"{path}: options.table: must be one of {tree.tables()}, got {name!r}")
    pictures = Pictures(tree.names(), options.folder)
    tables = [(_table_in(tree, path, name, options), part) for name, part in named.items()]
    resolve = pictures.resolver(posixpath.dirname(tables[0][0].inside), tables[0][1])
    rows = Rows(tables, options, resolve)
    uses = {name: f"table, {part or 'all'}" for name, part in named.items()}
    return _source(rows, options, uses, tree, pictures)


def _named(options: TableOptions) -> dict[str, Part | None]:
    """Return the tables that the option names, and the part of each."""
    if isinstance(options.table, dict):
        each = options.table.items()
        return {name: part for part, names in each for name in ([names] if isinstance(names, str) else names)}
    return dict.fromkeys([options.table] if isinstance(options.table, str) else options.table or [])


def _table_in(tree: Tree, path: Path, name: str, options: TableOptions) -> TableFile:
    is_here = (path / name).is_file()
    return TableFile(path / name, None if is_here else tree.read(name), name, header=options.header)


def _find_in_tree(path: Path, options: TableOptions) -> Found | None:
    """Choose among the tables of a folder or an archive: those that have images and labels, each part's or all."""
    tree = open_tree(path)
    if not tree.tables():
        return None
    pictures = Pictures(tree.names(), options.folder)
    looked, aside = _looked_at(tree, path, options, pictures)
    if not looked:
        return None
    parts = _tables_of_parts(looked, options, path, aside)
    first = next(name for names in parts.values() for name in names)
    roles = looked[first][1]
    told = [
        _taken(roles),
        *roles.told,
        *told_of(parts),
        *(f"{name} is not used: {reason}." for name, reason in aside.items()),
    ]
    if roles.kind == "paths":
        told += _named_once(looked, parts, pictures)
    said = _said(options, roles)
    folders = {posixpath.dirname(name) for names in parts.values() for name in names}
    if roles.kind != "paths" and path.is_dir() and len(folders) == 1 and options.table is None:
        files = [Located(path / name, part) for part, names in parts.items() for name in names]
        return Found(files, said, told, aside)
    one = {part or "all": names[0] if len(names) == 1 else names for part, names in parts.items()}
    said["table"] = options.table or (one["all"] if set(one) == {"all"} else one)
    return Found([Located(path)], said, told, aside)


def _looked_at(
    tree: Tree, path: Path, options: TableOptions, pictures: Pictures
) -> tuple[dict[str, tuple[TableFile, Roles]], dict[str, str]]:
    """Return the tables that have images and labels; and why others are not used."""
    wanted = _named(options)
    found: dict[str, tuple[TableFile, Roles]] = {}
    aside: dict[str, str] = {}
    errors: list[InputError] = []
    files, broken = _readable(tree, path, options)
    aside.update(dict.fromkeys(broken, "it cannot be read"))
    for name, file in files.items():
        resolve = pictures.resolver(posixpath.dirname(name), part_in_path(name.split("/")))
        try:
            found[name] = file, _roles(file, options, resolve, alone=not tree.names() and len(files) == 1)
        except InputError as error:
            unlabelled = isinstance(error, NoLabelsError)
            aside[name] = "it has no column of labels" if unlabelled else "it holds no images"
            if wanted or _has_images(file, options, resolve) or not (tree.names() or unlabelled):
                errors.append(error)
    for name in [n for n in found if _DUMMIES & set(re.findall("[a-z]+", posixpath.basename(n).lower()))]:
        if len(found) > 1:
            found.pop(name)
            aside[name] = "it is an example of what a contest asks for, whose labels are made up"
    if not found and (errors or (broken and (wanted or not (files or tree.names())))):
        raise [*errors, *broken.values()][0]
    return found, aside


def _readable(tree: Tree, path: Path, options: TableOptions) -> tuple[dict[str, TableFile], dict[str, InputError]]:
    """Return the tables that can be opened, of those that are wanted; and the errors of the others."""
    files: dict[str, TableFile] = {}
    broken: dict[str, InputError] = {}
    for name in _named(options) or tree.tables():
        if name not in tree.tables():
            raise InputError(f"{path}: options.table: must be one of {tree.tables()}, got {name!r}")
        try:
            files[name] = _table_in(tree, path, name, options)
        except InputError as error:
            broken[name] = error
    return files, broken


def _has_images(file: TableFile, options: TableOptions, resolve: Any) -> bool:
    try:
        return bool(find_images(file, options, [*file.columns], resolve)[1])
    except InputError:
        return True


def _tables_of_parts(
    looked: dict[str, tuple[TableFile, Roles]], options: TableOptions, path: Path, aside: dict[str, str]
) -> dict[Part | None, list[str]]:
    """Return the tables of each part; None: of all."""
    if options.table is not None:
        named = _named(options)
        return {part: [name for name in named if named[name] == part] for part in dict.fromkeys(named.values())}
    parts: dict[Part | None, list[str]] = {}
    for name in sorted(looked, key=natural_key):
        parts.setdefault(part_in_path(name.split("/")), []).append(name)
    if "train" in parts and None in parts:  # a table of everything beside those of the parts
        columns = {frozenset(looked[name][0].columns) for name in parts["train"]}
        for name in parts.pop(None):
            if frozenset(looked[name][0].columns) in columns:
                raise _several([name, *parts["train"]], path)
            aside[name] = "other tables are called train and test"
    for names in parts.values():
        for copy in _copies(names, looked):
            names.remove(copy)
            aside[copy] = "a copy of another"
        kinds = {(_HASH.sub("", posixpath.basename(name)), _meaning(looked[name][1])) for name in names}
        if len(kinds) > 1:
            raise _several(names, path)
    if len({_meaning(looked[name][1]) for names in parts.values() for name in names}) > 1:
        raise _several([name for names in parts.values() for name in names], path)
    return parts


def _copies(names: Sequence[str], looked: Mapping[str, tuple[TableFile, Roles]]) -> list[str]:
    """Return the tables that are there twice, in two folders."""
    seen: dict[tuple[str, str], str] = {}
    copies = []
    for name in sorted(names, key=lambda name: (name.count("/"), natural_key(name))):
        key = posixpath.basename(name), looked[name][0].digest()
        if seen.setdefault(key, name) != name:
            copies.append(name)
    return copies


def _meaning(roles: Roles) -> tuple[Any, ...]:
    return (*roles.label, roles.kind, *(roles.images if roles.kind != "pixels" else [len(roles.images)]))


def _several(names: Sequence[str], path: Path) -> InputError:
    each = " or ".join(f"`--option 'table={name}'`" for name in names[:4])
    return InputError(
        f"{path}: several tables have images and labels, and their names tell no parts: say which: {each}; or name "
        f"those of the parts: `--option 'table={{train: {names[0]}, test: {names[1]}}}'`"
    )


def _roles(file: TableFile, options: TableOptions, resolve: Resolve, *, alone: bool) -> Roles:
    roles = find_roles(file, options, resolve)
    if not alone and roles.kind == "pixels" and not _may_be_pixels(roles, options):
        raise InputError(f"{file.path}: holds no images")
    return roles


def _may_be_pixels(roles: Roles, options: TableOptions) -> bool:
    """Say whether columns of numbers beside pictures are pixels themselves: as many as an image has."""
    count = len(roles.images)
    squares = [n for n in (count, count // 3 if count % 3 == 0 else 0) if n and math.isqrt(n) ** 2 == n]
    return count >= _LEAST_PIXELS and bool(squares or options.shape)


def _named_once(
    looked: Mapping[str, tuple[TableFile, Roles]], parts: Mapping[Part | None, Sequence[str]], pictures: Pictures
) -> list[str]:
    """Refuse tables of two parts that name the same pictures, and rows that give one different labels."""
    seen: dict[str, tuple[str, str]] = {}
    again = 0
    for part, name in ((part, name) for part, names in parts.items() for name in names):
        file, roles = looked[name]
        columns = [_texts(file, column) for column in (roles.images[0], *roles.label)]
        for text, *label in zip(*columns, strict=True):
            picture = pictures.find(posixpath.dirname(name), part, text)
            first = seen.setdefault(picture, (name, str(label))) if picture is not None else (name, str(label))
            again += first == (name, str(label)) and picture is not None
            if first[0] != name:
                rule = f"{picture}: is named by {first[0]} and by {name}"
                raise InputError(f"{rule}; use one of them: `--option table={first[0]}` or `--option table={name}`")
            if first[1] != str(label):
                raise InputError(
                    f"{file.path}: names {picture} in several rows, with different labels, as tables of objects in "
                    "pictures do: cut the objects out, one picture each, or keep one row for each picture"
                )
    again -= len(seen)
    return [f"{again:,} rows name a picture that another row names, too; it is there as often."] if again else []


def _part(file: Located) -> Part | None:
    return file.part or part_in(file.path.name.partition(".")[0])


def _why_not(text: str) -> str:
    if posixpath.normpath(text).startswith(("/", "../")):
        return "must be a path inside the folder of the table"
    if posixpath.splitext(text)[1].lower() not in PICTURES:
        return "must be a picture's path"
    return "must be a picture that exists"


FORMAT = TableFormat()
