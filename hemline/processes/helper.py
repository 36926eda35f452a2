"""Helper processes, for work that would hold this one up; they end with this one, whatever way that ends."""

import os
import signal
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, ProcessPoolExecutor
from contextlib import contextmanager
from multiprocessing import get_context, parent_process
from typing import Literal

# Seconds that the last words of a helper may take whose parent was killed.
_LAST_WORDS = 5.0


@contextmanager
def helper_process(
    count: int = 1, start: Literal["spawn", "fork"] = "spawn", *, orphaned: Callable[[], None] | None = None
) -> Iterator[Executor]:
    """Yield an executor of ``count`` processes; an exception cancels the tasks that have not begun.

    Ctrl-C and a requested exit do not wait for the task that has.

    Args:
        count: of processes.
        start: ``spawn`` starts with an empty Python, which imports what it needs; ``fork`` with what has been imported
            here, which no library that runs threads of its own (TensorFlow) survives.
        orphaned: a module's function, which a helper process calls, from a thread, if its parent was killed.
    """
    executor = ProcessPoolExecutor(
        count, mp_context=get_context(start), initializer=_follow_the_parent, initargs=(orphaned,)
    )
    # Ctrl-C reaches all, and SIGTERM may; the parent answers them. A child inherits what is blocked, from its first
    # moment on.
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGTERM})
    executor.submit(int)  # starts it
    signal.pthread_sigmask(signal.SIG_SETMASK, mask)
    try:
        yield executor
    except BaseException as error:
        # Python's exit waits for the processes in any case. If it begins while they end, as it may without waiting
        # here, Python 3.11 writes to a pipe that another thread is closing, and prints a traceback.
        executor.shutdown(wait=isinstance(error, Exception), cancel_futures=True)
        raise
    executor.shutdown()


def _follow_the_parent(orphaned: Callable[[], None] | None) -> None:
    threading.Thread(target=_end_after_the_parent, args=(orphaned,), daemon=True).start()


def _end_after_the_parent(orphaned: Callable[[], None] | None) -> None:
    # A parent that was killed sends nothing: its child would wait for its next task for ever.
    parent = parent_process()
    if parent is not None:
        parent.join()
    if orphaned is not None:
        last_words = threading.Thread(target=orphaned, daemon=True)
        last_words.start()
        last_words.join(_LAST_WORDS)
    os._exit(1)
