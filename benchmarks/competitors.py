"""The compared libraries, and the processes that run them."""

import json
import os
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path
from typing import Any, NamedTuple

import joblib

from benchmarks.work import Work
from hemline.errors import InputError

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


class Skipped(Exception):  # noqa: N818 - no error
    """A competitor that cannot take part; its text says why."""


class Team:
    """The running processes of one competitor."""

    def __init__(self, competitor: Competitor, stack: ExitStack) -> None:
        self._competitor = competitor
        command = [sys.executable, "-m", "benchmarks.worker", competitor.module, json.dumps(competitor.options)]
        self._processes = [stack.enter_context(_process(command, _environment())) for _ in range(competitor.processes)]
        self._receive()

    def run(self, work: Work, turn: int) -> list[dict[str, Any]]:
        """Do ``work`` in all processes at once, with seeds that differ by ``turn``; return their answers.

        Raises:
            Skipped: the competitor cannot do it.
        """
        for number, process in enumerate(self._processes):
            seeds = self._competitor.seeds
            first = (turn * len(self._processes) + number) * seeds
            request = {"work": work, "seeds": list(range(first, first + seeds))}
            assert process.stdin is not None  # noqa: S101 - for the type checker
            try:
                process.stdin.write(json.dumps(request) + "\n")
                process.stdin.flush()
            except OSError:
                raise Skipped("its process ended") from None
        return self._receive()

    def _receive(self) -> list[dict[str, Any]]:
        answers = []
        for process in self._processes:
            assert process.stdout is not None  # noqa: S101 - for the type checker
            answers.append(json.loads(process.stdout.readline() or '{"skipped": "its process ended"}'))
        for answer in answers:
            if "error" in answer:
                raise InputError(answer["error"])
            if "skipped" in answer:
                raise Skipped(answer["skipped"])
        return answers


def _process(command: list[str], environment: dict[str, str]) -> subprocess.Popen[str]:
    pipe, silent = subprocess.PIPE, subprocess.DEVNULL
    return subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=silent, text=True, env=environment)


def _environment() -> dict[str, str]:
    """Return the environment: CPU only; otherwise each library's own defaults."""
    root = str(Path(__file__).parent.parent)
    path = os.pathsep.join([root, *filter(None, [os.environ.get("PYTHONPATH")])])
    return os.environ | {"CUDA_VISIBLE_DEVICES": "-1", "KERAS_BACKEND": "tensorflow", "PYTHONPATH": path}
