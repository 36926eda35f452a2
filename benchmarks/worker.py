"""A competitor's process: reads one request a line on standard input, answers each with one line of JSON.

Its own process, because the libraries' settings of threads exclude each other, and started once, because importing
them takes seconds. While others are measured it waits for its next line.
"""

import importlib
import json
import os
import sys
import time
from typing import Any

from benchmarks.work import Work, accuracy, read_data
from hemline.errors import InputError


def main() -> None:
    """Answer until standard input ends: first that the peer is ready, or why it is skipped."""
    module, options = sys.argv[1], json.loads(sys.argv[2])
    # What a library prints must not come between the answers.
    answers = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)
    try:
        data = read_data()
        peer = importlib.import_module(f"benchmarks.peers.{module}").Peer(data, **options)
    except InputError as error:
        print(json.dumps({"error": str(error)}), file=answers)
        return
    except Exception as error:  # noqa: BLE001 - a library that is absent or broken
        print(json.dumps({"skipped": f"cannot be started: {error}"}), file=answers)
        return
    print(json.dumps({}), file=answers)
    for line in sys.stdin:
        request = json.loads(line)
        print(json.dumps(_answer(peer, data, Work(*request["work"]), request["seeds"])), file=answers)


def _answer(peer: Any, data: Any, work: Work, seeds: list[int]) -> dict[str, Any]:
    start, start_cpu = time.perf_counter(), time.process_time()
    try:
        predicts = peer.train(work, seeds)
    except Exception as error:  # noqa: BLE001 - whatever a library raises: torch.compile without a C++ compiler, say
        return {"skipped": f"{type(error).__name__}: {str(error).splitlines()[0]}"}
    seconds, cpu_seconds = time.perf_counter() - start, time.process_time() - start_cpu
    return {
        "seconds": seconds,
        "cpu_seconds": cpu_seconds / len(seeds),
        "accuracies": [accuracy(predict, data) for predict in predicts],
    }


if __name__ == "__main__":
    main()
