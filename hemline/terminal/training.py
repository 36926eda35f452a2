"""A variant's trainings while they run: its place among the variants, its seeds and epochs, and the time left."""

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from hemline.jobs.progress import Progress, show
from hemline.terminal.bar import watched

if TYPE_CHECKING:
    import rich.progress


def place(variant: str, variants: Sequence[str]) -> str:
    """Return a variant's name with its place in params.yaml, which is the order in which DVC trains them."""
    return f"{variant} ({list(variants).index(variant) + 1} of {len(variants)})" if variant in variants else variant


@contextmanager
def training_bar(
    name: str, done: Mapping[int, int], epochs: int, *, may_end_early: bool = False
) -> Iterator[Callable[[str], None]]:
    """Show how far a variant's trainings are: a bar where somebody looks on, a line an epoch in a log.

    ``done`` holds, by seed, the epochs of ``epochs`` that are trained already. Yields what shows a line that a training
    prints. Beside the bar, of those of its epochs only each seed's last stays.
    """
    if not watched():
        yield show
        return
    from hemline.terminal.line import line, text  # noqa: PLC0415 - imports rich: 0.2 s that a log has no use for

    seeds = text("{task.fields[trained]}/{task.fields[seeds]} seeds")
    with line("epochs", seeds, left="left at most" if may_end_early else "left") as progress:
        shown = _Shown(progress, name, done, epochs)
        try:
            yield shown.show
        finally:
            shown.close()


class _Shown:
    """The bar of a variant; lines come from the threads of its trainings."""

    def __init__(self, progress: "rich.progress.Progress", name: str, done: Mapping[int, int], epochs: int) -> None:
        self._progress, self._epochs, self._done = progress, epochs, dict(done)
        self._last: dict[int, str] = {}  # of seeds that still train
        self._lock = threading.Lock()
        # What earlier runs trained is done, but says nothing about the pace.
        epochs_done, trained = self._counts()
        total = epochs * len(done)
        self._task = progress.add_task(name, total=total, completed=epochs_done, trained=trained, seeds=len(done))

    def show(self, line: str) -> None:
        """Take a line that a training prints."""
        told = Progress.read(line)
        with self._lock:
            if told is None:
                self._print(line)
                return
            self._done[told.seed] = told.epoch
            self._last[told.seed] = line
            if told.epoch == told.epochs:
                self._print(self._last.pop(told.seed))
            epochs, trained = self._counts()
            self._progress.update(self._task, completed=epochs, trained=trained)

    def close(self) -> None:
        """Let the last lines stay of seeds that ended before their last epoch."""
        with self._lock:
            for line in self._last.values():
                self._print(line)

    def _counts(self) -> tuple[int, int]:
        """Return how many epochs, and how many seeds, are done."""
        return sum(self._done.values()), sum(epoch == self._epochs for epoch in self._done.values())

    def _print(self, line: str) -> None:
        self._progress.console.print(line, markup=False, highlight=False, soft_wrap=True)
