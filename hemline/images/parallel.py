"""One function for many images, in their order: by threads where they are large, as Pillow works outside Python."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TypeVar

import joblib

T = TypeVar("T")
R = TypeVar("R")
# For each core: so many are under way, or done and not yet taken.
_AHEAD = 4


def parallel_map(function: Callable[[T], R], items: Iterable[T], is_large: Callable[[T], bool]) -> Iterator[R]:
    """Yield ``function(item)`` in the order of the items; memory holds a few of them for each core.

    Args:
        function: what is done to each.
        items: taken one by one, by the thread that asks for results.
        is_large: whether another thread shall do it. Of small images, most is done in Python, and threads that wait
            for each other take longer than one that does it all.
    """
    pool = ThreadPoolExecutor(joblib.cpu_count())
    begun = (pool.submit(function, item).result if is_large(item) else partial(function, item) for item in items)
    try:
        yield from in_order(begun)
    finally:
        pool.shutdown(cancel_futures=True)


def in_order(begun: Iterable[Callable[[], R]]) -> Iterator[R]:
    """Yield what calls return, one after the other; each is taken, and so its work begun, some calls ahead."""
    most = _AHEAD * joblib.cpu_count()  # once: it looks into the system's files
    ahead: deque[Callable[[], R]] = deque()
    for each in begun:
        ahead.append(each)
        if len(ahead) >= most:
            yield ahead.popleft()()
    while ahead:
        yield ahead.popleft()()
