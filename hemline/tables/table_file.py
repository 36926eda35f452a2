"""A table in a file, CSV, Parquet, Arrow or JSON in lines: its columns, and its rows, some at a time."""

import codecs
import hashlib
import json
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import cached_property
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.json as pa_json
import pyarrow.parquet as pq

from hemline.errors import InputError
from hemline.words import either, option

_SEPARATORS = ",;\t|"
_BLOCK = 2**24  # bytes of CSV; a row must be shorter
_VALUES = 2**22  # of a batch of Parquet
_MOST_ROWS = 2**14
# With more of a row in it, rows of encoded pictures would fill the memory.
_PICTURES = 256
_FIRST = 1000  # values that tell what a column is
_STORED = (".parquet", ".arrow", ".feather")
_VIEWS = {pa.string_view(): pa.string(), pa.binary_view(): pa.binary()}
_PACKED = {".gz": "gzip", ".bz2": "bz2", ".zst": "zstd"}


class TableFile:
    """A CSV, Parquet or Arrow file, or one of JSON in lines; columns are known by their names."""

    def __init__(
        self, path: Path, content: bytes | None = None, inside: str | None = None, *, header: bool = True
    ) -> None:
        """Look at the header; an ``InputError`` if it cannot be read, has no names, or one twice.

        Args:
            path: the file, and what it is called in errors.
            content: its bytes, if they are not there.
            inside: its path from the top of what it lies in.
            header: whether the first row of a CSV file names the columns; if not, they are column1, column2, ...
        """
        self.path = path
        self.inside = inside or path.name
        self._content = content
        self._header = header
        self._ending = next(
            (each for each in (*_STORED, ".jsonl", ".ndjson") if path.name.lower().endswith(each)), ".csv"
        )
        self._names: list[str] = []
        self._samples: dict[tuple[str, bool], list[Any]] = {}
        with self._reading():
            self._schema = self._open().schema if self._ending != ".parquet" else self._parquet().schema_arrow
            self._raw_names = self._schema.names
            self._names = names = [name.strip() for name in self._raw_names]
        twice = next((name for name in names if names.count(name) > 1), None) if len(set(names)) < len(names) else None
        is_data = self._ending == ".csv" and header and _is_data(names)
        if is_data or twice is not None:
            got, last = f"{names[0]!r} first" if twice is None else f"{twice!r} twice", f"column{len(names)}"
            remedy = f". If it has no such row, {option('header', 'false')} calls the columns column1 to {last}; then "
            remedy += f"{either('label', ['column1', last])} says which has the labels"
            rule = "must start with a row of different column names"
            raise InputError(f"{path}: {rule}, got {got}{remedy if is_data else ''}")
        if all(map(pa.types.is_null, self._schema.types)):
            raise InputError(f"{path}: must have rows, got none")

    @property
    def columns(self) -> dict[str, pa.DataType]:
        """The columns and the types of their values; those of CSV are a guess by the first rows."""
        return dict(zip(self._names, map(_plain_type, self._schema.types), strict=True))

    @property
    def types_are_certain(self) -> bool:
        """Whether types are part of the file."""
        return self._ending != ".csv"

    def class_names(self, column: str) -> list[str] | None:
        """Return what the numbers of a column of labels stand for, where Hugging Face's metadata say so."""
        metadata = (self._schema.metadata or {}).get(b"huggingface")
        try:
            names = json.loads(metadata)["info"]["features"][column]["names"] if metadata else None
        except (ValueError, KeyError, TypeError):
            return None
        return [str(name) for name in names] if isinstance(names, list) else None

    def digest(self) -> str:
        """Return the SHA-256 of the file, hexadecimal."""
        if self._content is not None:
            return hashlib.sha256(self._content).hexdigest()
        with self.path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()

    def first_values(self, name: str, as_type: pa.DataType | None = None, *, everything: bool = False) -> list[Any]:
        """Return the first values of a column, enough to tell what it is; or all of them."""
        key = (name, everything)
        if key not in self._samples:
            found: list[Any] = []
            for batch in self.batches([name], as_type):
                most = batch.num_rows if everything else _FIRST - len(found)
                column = plain_array(batch.column(0))
                few = 4 if pa.types.is_struct(column.type) or pa.types.is_binary(column.type) else most
                found += column.slice(0, min(few, most)).to_pylist()
                if not everything and (len(found) >= _FIRST or few != most):
                    break
            self._samples[key] = found
        return self._samples[key]

    def batches(self, columns: Sequence[str], as_type: pa.DataType | None = None) -> Iterator[pa.RecordBatch]:
        """Yield some columns, some rows at a time; text of CSV is read ``as_type``.

        A damaged file, or text of another type, is an ``InputError``.
        """
        with self._reading():
            for batch in self._stored(columns, as_type):
                odd = any(each != _plain_type(each) for each in batch.schema.types)
                plain = [_plain_values(each) for each in batch.columns] if odd else []
                yield pa.RecordBatch.from_arrays(plain, batch.schema.names) if odd else batch

    def _stored(self, columns: Sequence[str], as_type: pa.DataType | None) -> Iterator[pa.RecordBatch]:
        names = dict(zip(self._names, self._raw_names, strict=True))
        raw = [names[name] for name in columns]
        if self._ending == ".parquet":
            for batch in self._parquet().iter_batches(self._rows_of(columns), columns=raw):
                yield batch.select(raw)
        elif self._ending != ".csv":
            for batch in self._open(None):
                size = self._rows_of(columns)
                yield from (batch.select(raw).slice(start, size) for start in range(0, batch.num_rows, size))
        else:
            types = dict.fromkeys(raw, as_type) if as_type else None
            for batch in self._open(pa_csv.ConvertOptions(include_columns=raw, column_types=types)):
                yield batch.select(raw)

    def row(self, index: int) -> str:
        """Return what a user would call a row; a spreadsheet counts the header, too."""
        return f"{self.path}: row {index + (2 if self._ending == '.csv' and self._header else 1)}"

    def _rows_of(self, columns: Sequence[str]) -> int:
        types = self.columns
        if any(pa.types.is_primitive(types[name]) for name in columns):
            return max(1, min(_MOST_ROWS, _VALUES // len(columns)))
        return _PICTURES

    def _parquet(self) -> pq.ParquetFile:
        return pq.ParquetFile(self.path if self._content is None else pa.BufferReader(self._content))

    def _open(self, options: pa_csv.ConvertOptions | None = None) -> Any:
        """Return batches of rows, which have a ``schema``.

        Arrow reads ahead in a thread of its own: no file of Python's is given to it, as it would call Python while that
        ends, which ends the process with "terminate called without an active exception".
        """
        if self._ending in {".jsonl", ".ndjson"}:
            table = pa_json.read_json(self._bytes())
            return pa.RecordBatchReader.from_batches(table.schema, table.to_batches())
        if self._ending in {".arrow", ".feather"}:
            stream = self._bytes()
            if stream.read(6) == b"ARROW1":
                opened = pa.ipc.open_file(self._bytes())
                batches = (opened.get_batch(index) for index in range(opened.num_record_batches))
                return pa.RecordBatchReader.from_batches(opened.schema, batches)
            return pa.ipc.open_stream(self._bytes())
        return pa_csv.open_csv(
            self._bytes(),
            # Without threads, errors name the row.
            read_options=pa_csv.ReadOptions(
                use_threads=False, block_size=_BLOCK, column_names=None if self._header else self._numbered
            ),
            parse_options=pa_csv.ParseOptions(delimiter=self._separator, newlines_in_values=self._has_lines),
            convert_options=options or pa_csv.ConvertOptions(),
        )

    @cached_property
    def _first_line(self) -> bytes:
        stream, line = self._bytes(), b""
        while len(line) < _BLOCK and b"\n" not in line and (chunk := stream.read(2**16)):
            line += chunk
        return line.partition(b"\n")[0]

    @cached_property
    def _separator(self) -> str:
        return max(_SEPARATORS, key=lambda separator: self._first_line.count(separator.encode()))

    @cached_property
    def _has_lines(self) -> bool:
        """Whether a value goes on in the next line, as arrays do that pandas has written."""
        return b'"[' in bytes(self._bytes().read(2**20))

    @property
    def _numbered(self) -> list[str]:
        return [f"column{number + 1}" for number in range(self._first_line.count(self._separator.encode()) + 1)]

    def _bytes(self) -> pa.NativeFile:
        """Open the file, decompressed as it is read: a few bytes may become gigabytes."""
        if self._content is None and not self.path.exists():
            raise FileNotFoundError
        packed = _PACKED.get(self.path.suffix.lower())
        stored = pa.OSFile(str(self.path)) if self._content is None else pa.BufferReader(self._content)
        if packed is not None:
            return pa.CompressedInputStream(stored, packed)
        mark = bytes(stored.read(2))
        if mark in {codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE} and self._ending == ".csv":
            stored.seek(0)
            return pa.BufferReader(bytes(stored.read()).decode("utf-16").encode())
        stored.seek(0)
        return stored

    @contextmanager
    def _reading(self) -> Iterator[None]:
        try:
            yield
        except FileNotFoundError:
            raise InputError(f"{self.path}: no such file") from None
        except InputError:
            raise
        except (pa.ArrowException, ValueError, EOFError) as error:
            raise InputError(f"{self.path}: {_readable(error, self._names)}") from None
        except OSError as error:
            if error.errno is not None:  # what the machine refuses
                raise
            raise InputError(f"{self.path}: {_readable(error, [])}") from None


def _plain_type(column: pa.DataType) -> pa.DataType:
    """Return the type of a dictionary's values; and of views, which few of Arrow's functions know, the usual type."""
    return _plain_type(column.value_type) if pa.types.is_dictionary(column) else _VIEWS.get(column, column)


def _plain_values(array: Any) -> Any:
    """Return the values of an array in their ``_plain_type``."""
    if pa.types.is_dictionary(array.type):
        return _plain_values(array.dictionary).take(array.indices)
    return array.cast(_VIEWS[array.type]) if array.type in _VIEWS else array


def plain_array(array: Any) -> Any:
    """Return an array of Arrow without its extension's type."""
    return array.storage if isinstance(array, pa.ExtensionArray) else array


def _readable(error: Exception, names: Sequence[str]) -> str:
    """Return an error of Arrow's in the words of this program."""
    text = " ".join(str(error).split())
    value = re.search(r"In CSV column #(\d+): Row #(\d+): CSV conversion error to \w+: invalid value '(.*)'", text)
    if value:
        column = names[int(value[1])] if int(value[1]) < len(names) else value[1]
        return f"row {value[2]}: column {column!r}: must be a number, got {value[3][:80]!r}"
    columns = re.search(r"Row #(\d+): Expected (\d+) columns, got (\d+)", text)
    if columns:
        return f"row {columns[1]}: must have {columns[2]} columns, got {columns[3]}"
    if "invalid UTF8" in text:
        return "must be UTF-8 or UTF-16 text; convert it: iconv -f LATIN1 -t UTF-8 <file>"
    if "Empty CSV file" in text:
        return "must have a header and rows, got none"
    return f"cannot be read: {text[:200] or type(error).__name__}"


def _is_data(names: Sequence[str]) -> bool:
    """Say whether a row is one of data: numbers, some of which are the same, or that do not count the columns."""
    numbers = []
    for name in names:
        with suppress(ValueError):
            float(name)
            numbers.append(name)
    return len(numbers) == len(names) or len(set(numbers)) < len(numbers)
