"""Reading single images, in any order, from a file that is larger than memory.

For every page that is missing, the system reads 128 kB around it, as suits files that are read through. Of images that
lie all over a file, 3 kB each, that is the whole file for every chunk of an epoch.
"""

import mmap
from collections.abc import Iterable
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray


class Mapped:
    """A memory-mapped array whose images are read on request, several at a time."""

    def __init__(self, array: NDArray[Any]) -> None:
        """Map the file of an array (n, ...), as ``Outputs.read_array`` returns it, once more; others read as before."""
        known = cast("np.memmap[Any, Any]", array.base)
        mapped = np.memmap(str(known.filename), array.dtype, "r", known.offset, array.shape)
        self.array = np.asarray(mapped)
        self._pages = cast("mmap.mmap", mapped.base)
        # The mapping starts with a page, and the array where the file's header ends.
        self._offset = known.offset % mmap.ALLOCATIONGRANULARITY
        self._image_bytes = array.nbytes // len(array)
        self._pages.madvise(mmap.MADV_RANDOM)

    @staticmethod
    def can(array: NDArray[Any]) -> bool:
        """Return whether an array is memory-mapped, on a system with ``madvise``."""
        return isinstance(array.base, np.memmap) and hasattr(mmap, "MADV_RANDOM")

    def ask_for(self, places: Iterable[int]) -> None:
        """Let the system begin to read some images: it reads several at once, and in one piece each."""
        for place in places:
            start = self._offset + place * self._image_bytes
            page = start - start % mmap.PAGESIZE
            self._pages.madvise(mmap.MADV_WILLNEED, page, start + self._image_bytes - page)
