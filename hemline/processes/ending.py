"""How a process that computes in threads ends when it is told to: promptly, or with what is worth it saved.

Python's threads cannot be ended, and its exit waits for them: an epoch on a large data set, and a store that does not
answer, may take minutes.
"""

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from multiprocessing.util import _run_finalizers  # type: ignore[attr-defined]  # known to no type stubs
from types import FrameType

from hemline.processes.leftovers import remove_own

INTERRUPTED, TERMINATED = 128 + signal.SIGINT, 128 + signal.SIGTERM
# Seconds that blocks have, after Ctrl-C, to say goodbye; a second one takes them away.
_GRACE = 3.0


@contextmanager
def prompt_end() -> Iterator[None]:
    """End the process without waiting for its threads, where Ctrl-C or ``sys.exit(TERMINATED)`` ends the block."""
    interrupted = threading.Event()

    def interrupt(_signal: int, _frame: FrameType | None) -> None:
        if interrupted.is_set():
            _end(INTERRUPTED)
        interrupted.set()
        # A library may catch the exception, or hang at it.
        last = threading.Timer(_GRACE, _end, [INTERRUPTED])
        last.daemon = True
        last.start()
        raise KeyboardInterrupt

    former = signal.signal(signal.SIGINT, interrupt) if _hears_ctrl_c() else None
    try:
        yield
    except KeyboardInterrupt:
        _end(INTERRUPTED)
    except SystemExit as error:
        if error.code == TERMINATED:
            _end(TERMINATED)
        raise
    finally:
        if former is not None:
            signal.signal(signal.SIGINT, former)


@contextmanager
def asked_to_end() -> Iterator[threading.Event]:
    """Yield an event that SIGTERM, which a machine sends before it is taken away, sets; a second one ends the process.

    The block ends by itself where it has saved what is to be saved.
    """
    asked = threading.Event()

    def terminate(_signal: int, _frame: FrameType | None) -> None:
        if asked.is_set():
            _end(TERMINATED)
        asked.set()

    former = signal.signal(signal.SIGTERM, terminate)
    try:
        yield asked
    finally:
        signal.signal(signal.SIGTERM, former)


def _hears_ctrl_c() -> bool:
    """Say whether Ctrl-C is not ignored: a shell's job in the background ignores it."""
    return signal.getsignal(signal.SIGINT) is not signal.SIG_IGN


def _end(status: int) -> None:
    remove_own()
    # As Python's exit does; or its tracker of semaphores, another process, says that some have leaked.
    with suppress(Exception):
        _run_finalizers(0)
    # As a buffer's lock may be held by the code that was interrupted, nothing is flushed here: lines are, when printed.
    os._exit(status)
