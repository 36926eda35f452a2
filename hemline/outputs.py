"""The output of a stage: a folder that one class writes and reads, in the workspace or at any revision that DVC knows.

Each subclass stands beside the code that makes its contents. Whatever is missing or damaged is one line that names the
file and the stage that recreates it.
"""

import hashlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, ClassVar, TypeVar, cast

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ValidationError

from hemline.errors import InputError, first_line, writing

if TYPE_CHECKING:
    import pandas as pd
    from fsspec import AbstractFileSystem

M = TypeVar("M", bound=BaseModel)
# A class may be called "None", a variant "null" or "128".
_TEXTS = dict.fromkeys(
    ("variant", "class", "true", "predicted", "label", "looks_like", "layer", "type", "output_shape", "model_sha256"),
    str,
)


class Outputs:
    """A folder of outputs, ``path`` from the top of the repository, and the ``stage`` of dvc.yaml that writes it."""

    PATH: ClassVar[Path]
    STAGE: ClassVar[str]

    def __init__(
        self, path: Path | None = None, files: "AbstractFileSystem | None" = None, *, stage: str | None = None
    ) -> None:
        """Name the folder, and the stage, where they are not the usual ones; nothing is read yet.

        It is read from the workspace, or from ``dvc.api.DVCFileSystem`` at a revision.
        """
        self.path = path or self.PATH
        self.stage = stage or self.STAGE
        self._files = files

    def wrong(self, name: str, rule: str) -> InputError:
        """Return the error that a file breaks a rule."""
        return InputError(f"{self.path / name}: {rule}; run `dvc repro {self.stage}`")

    @contextmanager
    def open(self, name: str) -> Iterator[IO[bytes]]:
        """Open a file to read it.

        Raises:
            InputError: it is missing, or what is done with it shows that it is damaged.
        """
        path = self.path / name
        try:
            with path.open("rb") if self._files is None else self._files.open(path.as_posix(), "rb") as file:
                yield file
        except (FileNotFoundError, NotADirectoryError):
            raise self.wrong(name, "no such file") from None
        except InputError:
            raise
        except (OSError, EOFError, ValueError) as error:
            raise self.wrong(name, f"is damaged: {first_line(error)}") from None

    def has(self, name: str) -> bool:
        """Say whether there is such a file, for those that are not always written."""
        path = self.path / name
        return path.exists() if self._files is None else bool(self._files.exists(path.as_posix()))

    def read_bytes(self, name: str) -> bytes:
        """Return the contents of a file."""
        with self.open(name) as file:
            return file.read()

    def sha256(self, name: str) -> str:
        """Return SHA-256 of a file, which is read a piece at a time."""
        with self.open(name) as file:
            return hashlib.file_digest(cast("Any", file), "sha256").hexdigest()

    def read_json(self, name: str, model: type[M]) -> M:
        """Return a JSON file as a ``model``."""
        try:
            return model.model_validate_json(self.read_bytes(name))
        except ValidationError as error:
            raise self.wrong(name, f"is damaged: {first_line(error)}") from None

    def read_table(self, name: str) -> "pd.DataFrame":
        """Return a CSV file; names that look like numbers stay names, and only an empty field is NaN."""
        import pandas as pd  # noqa: PLC0415 - a training, which only writes, starts sooner without

        with self.open(name) as file:
            return pd.read_csv(file, dtype=_TEXTS, keep_default_na=False, na_values=[""])

    def read_array(self, name: str) -> NDArray[Any]:
        """Return a NumPy file; of the workspace, memory-mapped and not read before it is used."""
        with self.open(name) as file:
            if self._files is not None:
                array: NDArray[Any] = np.load(file, allow_pickle=False)
                return array
            # As a plain array of the mapped memory: TensorFlow takes ten times longer to copy NumPy's subclass for it.
            return np.asarray(np.load(self.path / name, mmap_mode="r", allow_pickle=False))

    def write_array(self, name: str, array: NDArray[Any]) -> None:
        """Write a NumPy file, byte for byte as `np.save` does, whole or with an error.

        Raises:
            OSError: not all of it could be written; names the file.
        """
        with self.array_writer(name, array.shape, array.dtype) as write:
            write(array)

    @contextmanager
    def array_writer(
        self, name: str, shape: tuple[int, ...], dtype: np.dtype[Any]
    ) -> Iterator[Callable[[NDArray[Any]], None]]:
        """Write a NumPy file of a known shape piece by piece: yields what takes the next rows of the array.

        Raises:
            OSError: not all of it could be written; names the file.
        """
        path = self.path / name
        header = {"descr": np.lib.format.dtype_to_descr(dtype), "fortran_order": False, "shape": shape}
        # `np.save` hands the file to C, and does not look whether the last bytes reached a disk that is full.
        with writing(path), path.open("wb") as file:
            np.lib.format.write_array_header_1_0(file, header)
            yield lambda rows: _write_all(file, rows, dtype)


def _write_all(file: IO[bytes], rows: NDArray[Any], dtype: np.dtype[Any]) -> None:
    if rows.size:
        file.write(np.ascontiguousarray(rows, dtype).data)
