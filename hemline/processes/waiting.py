"""Waiting for other threads' work, awake often enough to hear signals.

The system may hand a signal to any thread, but Python answers it in the main one, and nothing wakes that from a wait
without a limit: it would sleep through Ctrl-C.
"""

import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, wait
from threading import Thread
from typing import Any, TypeVar

T = TypeVar("T")
_POLL = 0.1  # seconds


def as_completed(futures: Iterable[Future[T]], look: Callable[[], None] = lambda: None) -> Iterator[Future[T]]:
    """Yield futures as they succeed, fail, or are cancelled by the thread that would have worked on them.

    ``look`` is called ten times a second; what it raises ends the waiting.
    """
    pending = set(futures)
    while pending:
        look()
        done, pending = wait(pending, timeout=_POLL, return_when=FIRST_COMPLETED)
        yield from done


def wait_for(futures: Iterable[Future[Any]], seconds: float | None = None) -> None:
    """Wait until all are done or cancelled, at most ``seconds``."""
    end = None if seconds is None else time.monotonic() + seconds
    while (pending := [each for each in futures if not each.done()]) and (end is None or time.monotonic() < end):
        wait(pending, timeout=_POLL)


def begun(work: Callable[[], T]) -> Future[T]:
    """Begin some work in a thread that keeps no process from ending; it cannot be cancelled."""
    future = Future[T]()

    def do() -> None:
        try:
            future.set_result(work())
        except BaseException as error:  # noqa: BLE001 - raised where it is waited for
            future.set_exception(error)

    Thread(target=do, daemon=True).start()
    return future


def result(future: Future[T]) -> T:
    """Return the result of ``future``, or raise what it raised."""
    wait_for([future])
    return future.result()
