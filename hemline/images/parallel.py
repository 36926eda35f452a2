"""One function for many images, in their order: by threads where they are large, as Pillow works outside Python."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TypeVar

import joblib

T = TypeVar("T")
R = TypeVar("R")
# For each thread: so many are under way, or done and not yet taken.
_AHEAD = 4


def parallel_map(function: Callable[[T], R], items: Iterable[T], is_large: Callable[[T], bool]) -> Iterator[R]:
    """Yield ``function(item)`` in the order of the items; memory holds a few of them for each core.

    Args:
        function: what is done to each.
        items: taken one by one, by the thread that asks for results.
        is_large: whether another thread shall do it. Of small images, most is done in Python, and threads that wait
            for each other take longer than one that does it all.
    """
    cores = joblib.cpu_count()  # once: it looks into the system's files
    pool = ThreadPoolExecutor(cores)
    ahead: deque[Callable[[], R]] = deque()
    try:
        for item in items:
            ahead.append(pool.submit(function, item).result if is_large(item) else partial(function, item))
            if len(ahead) >= _AHEAD * cores:
                yield ahead.popleft()()
        while ahead:
            yield ahead.popleft()()
    finally:
        pool.shutdown(cancel_futures=True)
