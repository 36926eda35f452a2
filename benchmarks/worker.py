"""What a competitor's process does: it makes its peer ready once, and then trains whenever it is asked to.

Its own process, because the libraries' settings of threads exclude each other, and started once, because importing
them takes seconds. While others are measured it waits.
"""

import importlib
import os
import time
from typing import Any

from benchmarks.work import Data, Work, accuracy, read_data
from hemline.errors import InputError

# Of this process: the data and the ``Peer``.
_ready: list[tuple[Data, Any]] = []


class Skipped(Exception):  # noqa: N818 - no error
    """A competitor that cannot take part; its text says why."""


def start(module: str, options: dict[str, Any]) -> None:
    """Make a peer ready, on CPU only; otherwise each library has its own defaults.

    Raises:
        InputError: the workspace lacks data.
        Skipped: the library is absent or broken.
    """
    os.environ |= {"CUDA_VISIBLE_DEVICES": "-1", "KERAS_BACKEND": "tensorflow"}
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for stream in (1, 2):  # what a library prints must not come between the lines of the table
        os.dup2(nowhere, stream)
    try:
        data = read_data()
        _ready.append((data, importlib.import_module(f"benchmarks.peers.{module}").Peer(data, **options)))
    except InputError:
        raise
    except Exception as error:  # noqa: BLE001 - one that is absent or broken
        raise Skipped(f"cannot be started: {error}") from None


def train(work: Work, seeds: list[int]) -> dict[str, Any]:
    """Train once per seed; return the seconds of all, CPU seconds of each, and the accuracies.

    Raises:
        Skipped: the library cannot do it.
    """
    ((data, peer),) = _ready
    start, start_cpu = time.perf_counter(), time.process_time()
    try:
        predicts = peer.train(work, seeds)
    except Exception as error:  # noqa: BLE001 - whatever a library raises: torch.compile without a C++ compiler, say
        raise Skipped(f"{type(error).__name__}: {str(error).splitlines()[0]}") from None
    seconds, cpu_seconds = time.perf_counter() - start, time.process_time() - start_cpu
    return {
        "seconds": seconds,
        "cpu_seconds": cpu_seconds / len(seeds),
        "accuracies": [accuracy(predict, data) for predict in predicts],
    }
