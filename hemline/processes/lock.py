"""One process at a time: whoever comes second says that it waits, and for what."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import BaseFileLock, FileLock, Timeout


@contextmanager
def locked(path: Path, waiting: str) -> Iterator[BaseFileLock]:
    """Hold the lock of a file, which the system frees whatever way the process ends.

    Its folder is created where it is missing; ``waiting`` is printed once, where another process holds the lock.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    lock = FileLock(path)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        print(waiting, flush=True)
        lock.acquire()
    try:
        yield lock
    finally:
        lock.release()
