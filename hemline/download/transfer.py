"""Transfers: bytes on their way, shown while they arrive, given up when they stop arriving."""

import sys
import time
from typing import Self

from rich.progress import BarColumn, DownloadColumn, Progress, TaskID, TextColumn, TransferSpeedColumn

from hemline.errors import InputError

# Bytes a second. A source slower than this would take half a day for MNIST: the next one is better.
MINIMUM_SPEED = 1000


class StalledError(InputError):
    """A transfer that brought too little for too long."""


class Watch:
    """Tells when a transfer brings too little for too long.

    The time-outs of the clients do not do this: each byte that trickles in restarts them. In ``patience`` seconds,
    ``MINIMUM_SPEED * patience`` bytes must arrive, and again and again; after the first of them, in ``busy`` seconds.
    """

    def __init__(self, patience: float, busy: float | None = None) -> None:
        self._patience = patience
        self._busy = patience if busy is None else busy
        self._enough = MINIMUM_SPEED * patience
        self._start = time.monotonic()
        self._before = 0

    def check(self, received: int) -> None:
        """Take note of the bytes received so far; a ``StalledError`` if the last seconds brought too few."""
        limit = self._busy if self._before else self._patience
        if received - self._before >= self._enough:
            self._start, self._before = time.monotonic(), received
        elif time.monotonic() - self._start > limit:
            what = f"stalled after {received} bytes" if received else "no answer"
            raise StalledError(f"{what}: gave up after {limit:g} s")


class Display:
    """Shows transfers: a progress bar on a terminal, and in any case one line for each thing that happened."""

    def __init__(self) -> None:
        columns = TextColumn("{task.description}", markup=False), BarColumn(), DownloadColumn(), TransferSpeedColumn()
        self._bar = Progress(*columns, transient=True, disable=not sys.stdout.isatty())
        self._task: TaskID | None = None

    def __enter__(self) -> Self:
        self._bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        if not self._bar.disable:  # or it would end with an empty line
            self._bar.stop()

    def start(self, what: str) -> None:
        """Say what is under way from now on."""
        if self._task is not None:
            self._bar.remove_task(self._task)
        self._task = self._bar.add_task(what, total=None)

    def receive(self, received: int, total: int | None = None) -> None:
        """Show the bytes that have arrived so far, of ``total`` where that is known."""
        if self._task is not None:
            self._bar.update(self._task, completed=received, total=total)

    def line(self, text: str) -> None:
        """Print a line that stays."""
        if self._bar.disable:
            print(text, flush=True)
        else:
            self._bar.console.print(text, markup=False, highlight=False, soft_wrap=True)
