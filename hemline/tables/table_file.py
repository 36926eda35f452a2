"""A table in a file, CSV or Parquet: its columns, and its rows, some at a time."""

import gzip
import io
import json
import re
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import IO, cast

import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq

from hemline.errors import InputError

_SEPARATORS = ",;\t|"
_BLOCK = 2**24  # bytes of CSV; a row must be shorter
_VALUES = 2**22  # of a batch of Parquet
_MOST_ROWS = 2**14
# With more of a row in it, rows of encoded pictures would fill the memory.
_PICTURES = 256


class TableFile:
    """A CSV file, compressed or not, or a Parquet file; columns are known by their names.

    Attributes:
        path: what it is called in errors.
        inside: its path from the top of what it lies in.
    """

    def __init__(self, path: Path, content: bytes | None = None, inside: str | None = None) -> None:
        """Look at the header.

        Args:
            path: the file.
            content: its bytes, if they are not there.
            inside: its path in a tree of files.

        Raises:
            InputError: it cannot be read, or names of columns appear twice, or there are none.
        """
        self.path = path
        self.inside = inside or path.name
        self._content = content
        self._is_parquet = path.suffix.lower() == ".parquet"
        self._names: list[str] = []
        with self._reading():
            self._schema = self._parquet().schema_arrow if self._is_parquet else self._csv().schema
            self._names = names = self._schema.names
        twice = sorted({name for name in names if names.count(name) > 1}) if len(set(names)) < len(names) else []
        if twice or (not self._is_parquet and all(map(_is_number, names))):
            got = f"{names[0]!r} first" if not twice else f"{twice[0]!r} twice"
            raise InputError(f"{path}: must start with a row of different column names, got {got}")
        if all(map(pa.types.is_null, self._schema.types)):
            raise InputError(f"{path}: must have rows, got none")

    @property
    def columns(self) -> dict[str, pa.DataType]:
        """The columns and their types; those of CSV are a guess by the first rows."""
        return dict(zip(self._names, self._schema.types, strict=True))

    @property
    def types_are_certain(self) -> bool:
        """Whether types are part of the file."""
        return self._is_parquet

    def class_names(self, column: str) -> list[str] | None:
        """Return what the numbers of a column of labels stand for, where Hugging Face's metadata say so."""
        metadata = (self._schema.metadata or {}).get(b"huggingface")
        try:
            names = json.loads(metadata)["info"]["features"][column]["names"] if metadata else None
        except (ValueError, KeyError, TypeError):
            return None
        return [str(name) for name in names] if isinstance(names, list) else None

    def batches(self, columns: Sequence[str], as_type: pa.DataType | None = None) -> Iterator[pa.RecordBatch]:
        """Yield some columns, some rows at a time.

        Args:
            columns: their names.
            as_type: which CSV's text is read as.

        Raises:
            InputError: the file is damaged; text is of another type.
        """
        with self._reading():
            if self._is_parquet:
                yield from self._parquet().iter_batches(self._rows_of(columns), columns=list(columns))
                return
            options = pa_csv.ConvertOptions(
                include_columns=list(columns), column_types=dict.fromkeys(columns, as_type) if as_type else None
            )
            for batch in self._csv(options):
                yield batch.select(list(columns))

    def row(self, index: int) -> str:
        """Return what a user would call a row; a spreadsheet counts the header, too."""
        return f"{self.path}: row {index + (1 if self._is_parquet else 2)}"

    def _rows_of(self, columns: Sequence[str]) -> int:
        if any(pa.types.is_primitive(self.columns[name]) for name in columns):
            return max(1, min(_MOST_ROWS, _VALUES // len(columns)))
        return _PICTURES

    def _parquet(self) -> pq.ParquetFile:
        return pq.ParquetFile(self.path if self._content is None else pa.BufferReader(self._content))

    def _csv(self, options: pa_csv.ConvertOptions | None = None) -> pa_csv.CSVStreamingReader:
        return pa_csv.open_csv(
            self._bytes(),
            # Without threads, errors name the row.
            read_options=pa_csv.ReadOptions(use_threads=False, block_size=_BLOCK),
            parse_options=pa_csv.ParseOptions(delimiter=self._separator),
            convert_options=options or pa_csv.ConvertOptions(),
        )

    @cached_property
    def _separator(self) -> str:
        with self._bytes() as file:
            header = file.readline(_BLOCK)
        return max(_SEPARATORS, key=lambda separator: header.count(separator.encode()))

    def _bytes(self) -> IO[bytes]:
        """Open the file, decompressed as it is read: a few bytes may become very many."""
        stored = self.path.open("rb") if self._content is None else io.BytesIO(self._content)
        packed = self.path.suffix.lower() == ".gz"
        return cast("IO[bytes]", gzip.open(stored)) if packed else stored

    @contextmanager
    def _reading(self) -> Iterator[None]:
        try:
            yield
        except FileNotFoundError:
            raise InputError(f"{self.path}: no such file") from None
        except InputError:
            raise
        except (pa.ArrowException, ValueError, EOFError, zlib.error, gzip.BadGzipFile) as error:
            raise InputError(f"{self.path}: {_readable(error, self._names)}") from None
        except OSError as error:
            if error.errno is not None:  # what the machine refuses
                raise
            raise InputError(f"{self.path}: {_readable(error, [])}") from None


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
    if "Empty CSV file" in text:
        return "must have a header and rows, got none"
    return f"cannot be read: {text[:200] or type(error).__name__}"


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
