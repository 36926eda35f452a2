"""Shutdown of a process that computes in threads: at once, or after saving its state.

Python's threads cannot be ended, and its exit waits for them: an epoch on a large data set, and a store that does not
answer, may take minutes. And its exception for Ctrl-C can be lost: raised while a module is imported, it may meet a
callback, whose exceptions are only printed.
"""

import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from multiprocessing import active_children
from multiprocessing.util import _run_finalizers  # type: ignore[attr-defined]  # known to no type stubs
from types import FrameType

from hemline.processes.leftovers import remove_own

INTERRUPTED, TERMINATED = 128 + signal.SIGINT, 128 + signal.SIGTERM
# Seconds that a block has, after Ctrl-C, to say goodbye; a second Ctrl-C takes them away. It takes a tenth of one, and
# several on a machine that is short of cores, where a scheduler is to be told, too.
_GRACE = 20

_Handler = Callable[[int, FrameType | None], None]


class ShutdownRequest:
    """A request to end that arrived while a block was saving."""

    def __init__(self) -> None:
        self._terminated, self._interrupted = threading.Event(), threading.Event()

    def is_set(self) -> bool:
        """Say whether SIGTERM has come, after which the block saves, and ends by itself."""
        return self._terminated.is_set()

    def raise_if_interrupted(self) -> None:
        """Raise ``KeyboardInterrupt`` if a Ctrl-C was lost; for a loop that no answer to Ctrl-C comes back to."""
        if self._interrupted.is_set():
            raise KeyboardInterrupt

    def terminate(self, _signal: int, _frame: FrameType | None) -> None:
        """Answer SIGTERM."""
        if self._terminated.is_set():
            _end(TERMINATED)
        self._terminated.set()

    def interrupt(self, _signal: int, _frame: FrameType | None) -> None:
        """Answer Ctrl-C by ``KeyboardInterrupt``."""
        if self._interrupted.is_set():
            _end(INTERRUPTED)
        self._interrupted.set()
        signal.alarm(_GRACE)  # the system's own: it ends the process whatever this one is stuck in
        raise KeyboardInterrupt


@contextmanager
def prompt_end() -> Iterator[None]:
    """Let Ctrl-C end the process, and its children, at once: for a block that has nothing to save.

    Where an inner block has, and raises ``KeyboardInterrupt`` or ``SystemExit(TERMINATED)``, the process ends after it
    without waiting for its threads.
    """

    def interrupt(_signal: int, _frame: FrameType | None) -> None:
        for child in active_children():
            child.kill()
        _end(INTERRUPTED)

    with _handling(signal.SIGINT, interrupt):
        try:
            yield
        except KeyboardInterrupt:
            _end(INTERRUPTED)
        except SystemExit as error:
            if error.code == TERMINATED:
                _end(TERMINATED)
            raise


@contextmanager
def asked_to_end() -> Iterator[ShutdownRequest]:
    """Yield what SIGTERM sets, for a block that then saves what is to be saved, and ends by itself.

    A machine sends SIGTERM before it is taken away; a second one ends the process. Ctrl-C is a ``KeyboardInterrupt`` in
    this block, and the end of the process some seconds later, or with a second one at once.
    """
    asked = ShutdownRequest()
    with _handling(signal.SIGTERM, asked.terminate), _handling(signal.SIGINT, asked.interrupt):
        yield asked


@contextmanager
def _handling(number: signal.Signals, handler: _Handler) -> Iterator[None]:
    """Answer a signal by ``handler``, unless it is ignored, as Ctrl-C is by a shell's job in the background."""
    former = signal.getsignal(number)
    if former is signal.SIG_IGN:
        yield
        return
    signal.signal(number, handler)
    yield
    # Not where the block raises: the process is about to end, and another signal means the same.
    signal.signal(number, former)


def _end(status: int) -> None:
    remove_own()
    # As Python's exit does; or its tracker of semaphores, another process, says that some have leaked.
    with suppress(Exception):
        _run_finalizers(0)
    # As a buffer's lock may be held by the code that was interrupted, nothing is flushed here: lines are, when printed.
    os._exit(status)
