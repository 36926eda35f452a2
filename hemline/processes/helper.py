"""Helper processes, for work that would hold this one up; they end with this one, whatever way that ends."""

import os
import signal
import threading
from collections.abc import Iterator
from concurrent.futures import Executor, ProcessPoolExecutor
from contextlib import contextmanager
from multiprocessing import get_context, parent_process
from typing import Literal


@contextmanager
def helper_process(count: int = 1, start: Literal["spawn", "fork"] = "spawn") -> Iterator[Executor]:
    """Yield an executor of ``count`` processes; an exception drops what has not begun.

    Args:
        count: of processes.
        start: ``spawn`` starts with an empty Python, which imports what it needs; ``fork`` with what has been imported
            here, which no library that runs threads of its own (TensorFlow) survives.
    """
    executor = ProcessPoolExecutor(count, mp_context=get_context(start), initializer=_follow_the_parent)
    # Ctrl-C reaches both; the parent answers it. The child inherits what is blocked, from its first moment on.
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    executor.submit(int)  # starts it
    signal.pthread_sigmask(signal.SIG_SETMASK, mask)
    try:
        yield executor
    except BaseException:
        executor.shutdown(wait=False, cancel_futures=True)
        raise
    executor.shutdown()


def _follow_the_parent() -> None:
    threading.Thread(target=_end_after_the_parent, daemon=True).start()


def _end_after_the_parent() -> None:
    # A parent that was killed sends nothing: its child would wait for its next task for ever.
    parent = parent_process()
    if parent is not None:
        parent.join()
    os._exit(1)
