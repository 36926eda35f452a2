"""The CPU seconds of trainings that run side by side in this process.

TensorFlow computes a part of each training in threads that all of them share, so no thread's own clock has all of it.
The trainings of a process are alike: each is given the same share of what the process uses while they run.
"""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager


class CpuShare:
    """A clock that advances by the CPU seconds of this process, divided by the number of trainings that run."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._running, self._shared, self._last = 0, 0.0, 0.0

    def read(self) -> float:
        """Return the seconds of a training that would have run all the time."""
        with self._lock:
            return self._advance()

    @contextmanager
    def running(self) -> Iterator[None]:
        """Count a training more while the block runs."""
        self._count(1)
        try:
            yield
        finally:
            self._count(-1)

    def _count(self, more: int) -> None:
        with self._lock:
            self._advance()
            self._running += more

    def _advance(self) -> float:
        now = time.process_time()
        if self._running:
            self._shared += (now - self._last) / self._running
        self._last = now
        return self._shared


CLOCK = CpuShare()
