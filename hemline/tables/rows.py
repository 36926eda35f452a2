"""Tables with the same columns: their labels, and which rows are of which part of a data set."""

import re
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from hemline.data.description import Part
from hemline.data.labels import Labels, labelled
from hemline.data.parts import settled
from hemline.errors import InputError, reading
from hemline.tables.columns import check_alike, find_roles, read_column
from hemline.tables.kinds import Resolve, ones
from hemline.tables.options import TableOptions
from hemline.tables.split import split_rows
from hemline.tables.table_file import TableFile
from hemline.words import option


class Piece(NamedTuple):
    """The rows of a part in a file: all, or those of these indices."""

    file: TableFile
    rows: NDArray[np.int64]


class Rows:
    """Files with the same columns, their labels, and which rows are of which part."""

    def __init__(
        self, files: Sequence[tuple[TableFile, Part | None]], options: TableOptions, resolve: Resolve | None = None
    ) -> None:
        first = files[0][0]
        self.roles = find_roles(first, options, resolve)
        roles = self.roles
        needed = [*roles.label, *roles.images, *filter(None, (roles.split, roles.group))]
        for file, _ in files[1:]:
            check_alike(file, first, needed, roles.images)
        self._files = files
        self._options = options
        # Short, and the number of rows of a CSV file is not known before.
        self._labels = {file: self._read_labels(file) for file, _ in files}
        self.pieces = settled(self._split())

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

    def labels(self) -> dict[Part, Labels]:
        """Return the labels and the groups of each part; an ``InputError`` if they are no labels of classes."""
        first, column = self._files[0][0], self.roles.label[0]
        names = first.class_names(column) if len(self.roles.label) == 1 else None
        columns = {part: self._named_labels(pieces, names) for part, pieces in self.pieces.items()}
        order, groups = names or (self.roles.label if len(self.roles.label) > 1 else None), self._groups()
        with reading(f"{first.path}: column {column!r}"):
            labels = labelled(columns, groups, order=order, case=self._options.case)
            if len(self.roles.label) == 1 and (cell := several_in(next(iter(labels.values())).values)):
                rule = f"has several labels in a cell, as {cell!r}, and an image must have one"
                raise InputError(f"{rule}; name another by {option('label', '<column>')}, or keep rows with one label")
            values, rows = len(next(iter(labels.values())).values), sum(len(each.codes) for each in labels.values())
            if 2 * values > rows > 2 * 2:
                rule = f"has {values:,} different values in {rows:,} rows, as names have and no classes"
                raise InputError(f"{rule}; name another by {option('label', '<column>')}")
        return labels

    def _groups(self) -> dict[Part, NDArray[Any]] | None:
        group = self.roles.group
        if group is None:
            return None
        whole = {file: read_column(file, group).astype(object) for file, _ in self._files}
        return {part: np.concatenate([whole[f][rows] for f, rows in each]) for part, each in self.pieces.items()}

    def _read_labels(self, file: TableFile) -> NDArray[Any]:
        names = self.roles.label
        if len(names) == 1:
            return read_column(file, names[0])
        columns = np.array([column for name in names if (column := ones(file, name)) is not None])
        if len(columns) < len(names) or (columns.sum(axis=0) != 1).any():
            raise InputError(f"{file.path}: options.label: each row must have one 1 and else 0 in {names}")
        return np.asarray(np.array(names, object)[columns.argmax(axis=0)])

    def _named_labels(self, pieces: Sequence[Piece], names: Sequence[str] | None) -> NDArray[Any]:
        if names is None:
            return np.concatenate([self._labels[file].astype(object)[rows] for file, rows in pieces])
        labels = np.concatenate([self._labels[file][rows] for file, rows in pieces])
        outside = np.flatnonzero((labels < 0) | (labels >= len(names)))
        if outside.size:
            rule = f"must be from 0 to {len(names) - 1}, a number of a class"
            column = f"{pieces[0].file.path}: column {self.roles.label[0]!r}"
            raise InputError(f"{column}: {rule}, got {labels[outside[0]]}")
        return np.asarray(np.array(names, object)[labels])

    def _split(self) -> dict[Part, list[Piece]]:
        parts: dict[Part, list[Piece]] = {}
        for file, part in self._files:
            count = len(self._labels[file])
            if not count:
                raise InputError(f"{file.path}: must have rows, got none")
            split = self.roles.split
            if split is None:
                parts.setdefault(part or "all", []).append(Piece(file, np.arange(count)))
                continue
            for named, rows in split_rows(file, split, read_column(file, split), self._options.parts).items():
                parts.setdefault(named, []).append(Piece(file, rows))
        if "all" in parts and len(parts) > 1:
            raise InputError(f"{parts['all'][0].file.path}: the name must say train, test or validation, as others do")
        return parts


def several_in(values: Sequence[str]) -> str | None:
    """Return a value that is made of others by `|`, `;` or `,`: several labels for an image."""
    alone = set(values)
    for value in values:
        pieces = [piece.strip() for piece in re.split("[|;,]", value)]
        if len(pieces) > 1 and not alone.isdisjoint(pieces):
            return value
    return None
