"""Some rows of an array that may be larger than memory: read when they are used."""

from typing import Any

import numpy as np
from numpy.typing import NDArray


class Rows:
    """The rows of ``array`` (n, ...) at ``places`` (m,), ascending; indexed and measured like an array (m, ...)."""

    def __init__(self, array: NDArray[Any], places: NDArray[np.integer[Any]]) -> None:
        self.array, self.places = array, places
        self.shape, self.ndim, self.dtype = (len(places), *array.shape[1:]), array.ndim, array.dtype
        self.itemsize, self.nbytes = array.itemsize, array.itemsize * int(np.prod(self.shape))

    def __len__(self) -> int:
        return len(self.places)

    def __getitem__(self, rows: Any) -> NDArray[Any]:
        """Read the rows at an index, a slice or an array of indices."""
        return np.asarray(self.array[self.places[rows]])

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> NDArray[Any]:
        """Read all rows."""
        return np.asarray(self.array[self.places], dtype)

    def reshape(self, *shape: int) -> NDArray[Any]:
        """Read all rows, in another shape."""
        return np.asarray(self).reshape(*shape)
