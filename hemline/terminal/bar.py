"""A bar while something takes long, where somebody looks on; a log, which no line can be taken back from, has none."""

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager


def watched() -> bool:
    """Say whether standard output is a terminal whose lines can change, and this process in its foreground.

    A job in the background would draw over what its shell prints.
    """
    # Not what rich says: FORCE_COLOR, which asks for colours, would make it take a log for a terminal.
    if not sys.stdout.isatty() or os.environ.get("TERM") in {"dumb", "unknown"}:
        return False
    try:
        return os.tcgetpgrp(sys.stdout.fileno()) == os.getpgrp()
    except OSError:  # not the terminal of this session, so no shell has jobs there
        return True


@contextmanager
def bar(what: str, total: int, unit: str) -> Iterator[Callable[[int], None]]:
    """Show how much of something is done, where somebody looks on; afterwards it is gone.

    ``unit`` is in the plural. Yields what is called with the amount that was done since the last time.
    """
    if not watched():
        yield lambda _: None
        return
    from hemline.terminal.line import line  # noqa: PLC0415 - imports rich: 0.2 s that a log has no use for

    with line(unit) as progress:
        task = progress.add_task(what, total=total)
        yield lambda amount: progress.advance(task, amount)
