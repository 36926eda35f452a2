"""The compared libraries, and the processes that run them."""

import multiprocessing
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import ExitStack
from typing import Any, NamedTuple

import joblib

from benchmarks import worker
from benchmarks.work import Work
from benchmarks.worker import Skipped

CORES = joblib.cpu_count()


class Competitor(NamedTuple):
    """One way to train: a module of ``benchmarks.peers``, and what its ``Peer`` is given.

    Each of its ``processes`` does ``seeds`` trainings in a request. It is no ``library`` where users have to build it
    by themselves around one.
    """

    module: str
    options: dict[str, Any]
    seeds: int = 1
    processes: int = 1
    library: bool = True


OURS = "hemline, seeds side by side"
UNPINNED = "hemline, not pinned to AVX2"
COMPETITORS = {
    OURS: Competitor("ours", {}, seeds=CORES),
    "hemline, one seed": Competitor("ours", {}),
    # What equal bits on every processor cost.
    UNPINNED: Competitor("unpinned", {}, seeds=CORES),
    "keras fit": Competitor("keras_fit", {"tuned": False}),
    "keras fit, tuned": Competitor("keras_fit", {"tuned": True}),
    "keras fit, tuned, a process per core": Competitor(
        "keras_fit", {"tuned": True, "threads": 1}, processes=CORES, library=False
    ),
    "pytorch": Competitor("pytorch", {}),
    "pytorch, torch.compile": Competitor("pytorch", {"compiled": True}),
    # Threads of one training wait for each other, which costs more than they gain where batches are small.
    "pytorch, one thread": Competitor("pytorch", {"threads": 1}),
    "pytorch, a process per core": Competitor("pytorch", {"threads": 1}, processes=CORES, library=False),
    "MLPClassifier": Competitor("scikit_learn", {}),
}


class Team:
    """The running processes of one competitor, each an executor of its own, so that all take part in every turn.

    Raises:
        InputError: the workspace lacks data.
        Skipped: the competitor cannot take part.
    """

    def __init__(self, competitor: Competitor, stack: ExitStack) -> None:
        self._competitor, context = competitor, multiprocessing.get_context("spawn")
        self._processes = [stack.enter_context(ProcessPoolExecutor(1, context)) for _ in range(competitor.processes)]
        _results([each.submit(worker.start, competitor.module, competitor.options) for each in self._processes])

    def run(self, work: Work, turn: int) -> list[dict[str, Any]]:
        """Do ``work`` in all processes at once, with seeds that differ by ``turn``; return their answers.

        Raises:
            Skipped: the competitor cannot do it.
        """
        seeds, first = self._competitor.seeds, turn * len(self._processes)
        starts = [(first + number) * seeds for number in range(len(self._processes))]
        return _results(
            [
                process.submit(worker.train, work, list(range(start, start + seeds)))
                for process, start in zip(self._processes, starts, strict=True)
            ]
        )


def _results(futures: "list[Future[Any]]") -> list[Any]:
    try:
        return [future.result() for future in futures]
    except BrokenProcessPool:
        raise Skipped("its process ended") from None
