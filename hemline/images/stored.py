"""An array in a file: what it is called, its shape and its type, and its rows, some at a time."""

from abc import ABC, abstractmethod
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray


class ArrayInFile(ABC):
    """An array that is known by its file and its name there."""

    def __init__(self, path: Path, key: str, shape: tuple[int, ...], dtype: np.dtype[Any]) -> None:
        self.path = path
        self.key = key
        self.shape = shape
        self.dtype = dtype

    @property
    def title(self) -> str:
        """Its name in errors: the file, and its name there if the file can hold several."""
        alone = self.key == self.path.name or self.path.suffix.lower() == ".npy"
        return str(self.path) if alone else f"{self.path}: {self.key}"

    @abstractmethod
    def rows(self, size: int) -> Iterator[NDArray[Any]]:
        """Yield the array, ``size`` rows at a time; an ``InputError`` if it cannot be read."""

    def whole(self) -> NDArray[Any]:
        """Return the array; errors are those of ``rows``."""
        return next(self.rows(max(1, self.shape[0])))


class OpenArray(ArrayInFile):
    """An array that is open: in memory, mapped, or a data set of HDF5; anything with a shape, a type and slices."""

    def __init__(self, path: Path, key: str, array: Any) -> None:
        super().__init__(path, key, tuple(array.shape), array.dtype)
        self.array = array

    def rows(self, size: int) -> Iterator[NDArray[Any]]:
        """See ``ArrayInFile``."""
        for start in range(0, self.shape[0], size):
            yield np.asarray(self.array[start : start + size])
