"""Questions to a scheduler that end, whether it answers or not: once connected, Dask's own wait without limit."""

import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import TypeVar

from hemline.processes.waiting import wait_for

T = TypeVar("T")


def within(seconds: float, ask: Callable[[], T]) -> T:
    """Return what ``ask`` does, called in a thread that keeps no process from ending, after so many seconds at most.

    Raises:
        TimeoutError: it has not returned. What it raises is raised here.
    """
    answer = Future[T]()

    def answered() -> None:
        try:
            answer.set_result(ask())
        except BaseException as error:  # noqa: BLE001 - raised where it is waited for
            answer.set_exception(error)

    threading.Thread(target=answered, daemon=True).start()
    wait_for([answer], seconds)
    return answer.result(0)
