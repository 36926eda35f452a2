"""The tables of a folder or an archive that are the data set: those with images and labels, of each part or of all."""

import math
import posixpath
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from hemline.data.description import Part
from hemline.data.labels import natural_key
from hemline.data.parts import part_in, part_in_path
from hemline.errors import InputError
from hemline.images.tree import Tree
from hemline.tables.columns import NoLabelsError, Roles, find_images, find_roles, read_column, read_texts
from hemline.tables.kinds import Resolve, sample
from hemline.tables.options import TableOptions
from hemline.tables.pictures import Pictures
from hemline.tables.table_file import TableFile
from hemline.words import either, option

_LEAST_PIXELS = 4  # of columns that may be an image beside other files
_DUMMY = re.compile("submission|(?<![a-z])(sample|example)(?![a-z])")
# What names of shards differ in: numbers, and the hashes that Hugging Face adds.
_HASH = re.compile(r"-[0-9a-f]{8,}|[0-9]+")


class Table(NamedTuple):
    """A table that has images and labels."""

    file: TableFile
    roles: Roles

    @property
    def meaning(self) -> tuple[Any, ...]:
        """The columns that the tables of a data set share."""
        roles = self.roles
        return (*roles.label, roles.kind, *(roles.images if roles.kind != "pixels" else [len(roles.images)]))


class Chosen(NamedTuple):
    """The tables of a data set."""

    parts: dict[Part | None, list[str]]  # their names by part; None: of all
    tables: dict[str, Table]  # by name
    aside: dict[str, str]  # those that are not used, and why


def named_tables(tree: Tree, path: Path, options: TableOptions) -> dict[str, Part | None]:
    """Return the tables that the option names, and the part of each; an ``InputError`` if there is none of a name."""
    named: dict[str, Part | None]
    if isinstance(options.table, dict):
        each = options.table.items()
        named = {name: part for part, names in each for name in ([names] if isinstance(names, str) else names)}
    else:
        named = dict.fromkeys([options.table] if isinstance(options.table, str) else options.table or [])
    for name in named:
        if name not in tree.tables():
            raise InputError(f"{path}: options.table: must be one of {tree.tables()}, got {name!r}")
    return named


def table_in(tree: Tree, path: Path, name: str, options: TableOptions) -> TableFile:
    """Open a table of a folder or an archive; errors are those of ``TableFile``."""
    content = None if (path / name).is_file() else tree.read(name)
    return TableFile(path / name, content, name, header=options.header)


def choose(tree: Tree, path: Path, options: TableOptions, pictures: Pictures) -> Chosen | None:
    """Return the tables of a tree, which lies at ``path``, that are the data set; None where there are none.

    A table that was named, or that has images, and cannot be used is an ``InputError``; so are several that can.
    """
    wanted = named_tables(tree, path, options)
    tables, aside = _with_images_and_labels(tree, path, options, pictures, wanted)
    if not tables or (not wanted and _is_one_for_each_class(tables)):
        return None
    if wanted:
        parts = {part: [name for name in wanted if wanted[name] == part] for part in dict.fromkeys(wanted.values())}
    else:
        parts = _by_part(tables, path, aside)
    return Chosen(parts, tables, aside)


def _with_images_and_labels(
    tree: Tree, path: Path, options: TableOptions, pictures: Pictures, wanted: Mapping[str, Part | None]
) -> tuple[dict[str, Table], dict[str, str]]:
    """Return the tables that have both; and why others are not used."""
    found: dict[str, Table] = {}
    aside: dict[str, str] = {}
    errors: list[InputError] = []
    files, broken = _opened(tree, path, options, wanted or tree.tables())
    aside.update(dict.fromkeys(broken, "it cannot be read"))
    is_alone = bool(wanted) or not tree.names()
    for name, file in files.items():
        folder = posixpath.dirname(name)
        resolve = pictures.resolver(folder, part_in_path(name.split("/"))) if tree.names() else None
        try:
            roles = find_roles(file, options, resolve)
            if (tree.names() or len(files) > 1) and roles.kind == "pixels" and not _may_be_pixels(roles, options):
                raise InputError(f"{file.path}: holds no images")  # noqa: TRY301 - as of other tables
            _check_usable(file, roles, has_pictures=bool(tree.names()))
            found[name] = Table(file, roles)
        except InputError as error:
            unlabelled = isinstance(error, NoLabelsError)
            aside[name] = "it has no labels" if unlabelled else "it holds no images"
            if unlabelled and "=" in folder:
                rule = f"folders as {folder} say a column of the table, which is not read"
                error = InputError(f"{path}: {rule}: `pandas.read_parquet('{path.name}').to_parquet('all.parquet')`")
            if is_alone or _has_images(file, options, resolve):
                errors.append(error)
    for name in [n for n in found if _DUMMY.search(posixpath.basename(n).lower())]:
        if len(found) > 1:
            found.pop(name)
            aside[name] = "it is an example of what a contest asks for, whose labels are made up"
    errors += [each for each in broken.values() if is_alone or not str(each).endswith("got none")]  # or an empty one
    if not found and errors:
        raise errors[0]
    return found, aside


def _check_usable(file: TableFile, roles: Roles, *, has_pictures: bool) -> None:
    """Refuse a table of pictures that are not there, and one that lacks all labels, as contests' and Hugging Face's."""
    if roles.kind == "paths" and not has_pictures:
        raise InputError(f"{file.path}: column {roles.images[0]!r} names pictures, and none lie beside the table")
    if len(roles.label) == 1 and set(sample(file, roles.label[0])) <= {"", "-1"}:
        raise NoLabelsError(f"{file.path}: column {roles.label[0]!r}: must have a label in some row")


def _opened(
    tree: Tree, path: Path, options: TableOptions, names: Sequence[str] | Mapping[str, Any]
) -> tuple[dict[str, TableFile], dict[str, InputError]]:
    """Return the tables that can be opened; and the errors of the others."""
    files: dict[str, TableFile] = {}
    broken: dict[str, InputError] = {}
    for name in names:
        try:
            files[name] = table_in(tree, path, name, options)
        except InputError as error:
            broken[name] = error
    return files, broken


def _has_images(file: TableFile, options: TableOptions, resolve: Resolve | None) -> bool:
    try:
        return bool(find_images(file, options, [*file.columns], resolve)[1])
    except InputError:
        return True


def _may_be_pixels(roles: Roles, options: TableOptions) -> bool:
    """Say whether columns of numbers beside pictures are pixels themselves: as many as an image has."""
    count = len(roles.images)
    squares = [n for n in (count, count // 3 if count % 3 == 0 else 0) if n and math.isqrt(n) ** 2 == n]
    return count >= _LEAST_PIXELS and bool(squares or options.shape)


def _by_part(tables: Mapping[str, Table], path: Path, aside: dict[str, str]) -> dict[Part | None, list[str]]:
    """Return the tables of each part, by their names and folders; what is not used is noted in ``aside``."""
    parts: dict[Part | None, list[str]] = {}
    for name in sorted(tables, key=natural_key):
        parts.setdefault(part_in_path(name.split("/")), []).append(name)
    if "train" in parts and None in parts:  # a table of everything beside those of the parts
        columns = {frozenset(tables[name].file.columns) for name in parts["train"]}
        for name in parts.pop(None):
            if frozenset(tables[name].file.columns) in columns:
                raise _several([name, *parts["train"]], path)
            aside[name] = "other tables are called train and test"
    for names in parts.values():
        for copy in _copies(names, tables):
            names.remove(copy)
            aside[copy] = "a copy of another"
        if len({(_HASH.sub("", posixpath.basename(name)), tables[name].meaning) for name in names}) > 1:
            raise _several(names, path)
    every = [name for names in parts.values() for name in names]
    if len({tables[name].meaning for name in every}) > 1:
        raise _several(every, path)
    return parts


def _is_one_for_each_class(tables: Mapping[str, Table]) -> bool:
    """Say whether each of several folders has a table of one class, as GTSRB's have: the folders say the same."""
    folders = {posixpath.dirname(name) for name in tables}
    return 1 < len(tables) == len(folders) and all(
        len(roles.label) == 1 and len(set(read_column(file, roles.label[0]).tolist())) == 1
        for file, roles in tables.values()
    )


def _copies(names: Sequence[str], tables: Mapping[str, Table]) -> list[str]:
    """Return the tables that are there twice, in two folders."""
    seen: dict[tuple[str, str], str] = {}
    shallow = sorted(names, key=lambda name: (name.count("/"), natural_key(name)))
    return [n for n in shallow if seen.setdefault((posixpath.basename(n), tables[n].file.digest()), n) != n]


def _several(names: Sequence[str], path: Path) -> InputError:
    parts = option("table", {"train": names[0], "test": names[1]})
    rule = "several tables have images and labels, and their names tell no parts"
    return InputError(f"{path}: {rule}: say which: {either('table', names[:4])}; or name those of the parts: {parts}")


def count_named_again(chosen: Chosen, pictures: Pictures) -> int:
    """Return how many rows name a picture that another row has named.

    Tables of two parts that name the same pictures, or rows that give one different labels, are an ``InputError``.
    """
    seen: dict[str, tuple[str, str]] = {}
    again = 0
    for part, name in ((part, name) for part, names in chosen.parts.items() for name in names):
        file, roles = chosen.tables[name]
        wanted = (roles.images[0], roles.split or roles.images[0], *roles.label)
        columns = [read_texts(file, column) for column in wanted]
        for text, use, *labels in zip(*columns, strict=True):
            meant = part or (part_in(use) if roles.split else None)
            picture, label = pictures.find(posixpath.dirname(name), meant, text), str(labels)
            if picture is None:
                continue
            again += picture in seen
            first, other = seen.setdefault(picture, (name, label))
            if first != name:
                rule = f"{picture}: is named by {first} and by {name}"
                raise InputError(f"{rule}; use one of them: {either('table', (first, name))}")
            if other != label:
                raise InputError(
                    f"{file.path}: names {picture} in several rows, with different labels, as tables of objects in "
                    "pictures do: cut the objects out, one picture each, or keep one row for each picture"
                )
    return again
