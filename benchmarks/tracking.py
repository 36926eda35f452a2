"""What logging to MLflow costs a training: the stage as it is, and the same without its recorder, taking turns.

Reads:  params.yaml, data/<dataset>.yaml, data/normalized/
Writes: <output>/tracking.json
Run:    python -m benchmarks.tracking [--variant dense-128] [--epochs 20] [--repeats 3]

Each turn is a process of its own, in a temporary folder, with all seeds: importing MLflow is part of what it costs.
"""

import argparse
import json
import os
import shutil
import tempfile
import time
from contextlib import nullcontext
from pathlib import Path
from unittest.mock import MagicMock, patch

import numpy as np
from numpy.typing import NDArray

from benchmarks.counts import count
from hemline.errors import InputError, one_line_errors
from hemline.params import load_params
from hemline.processes.helper import helper_process
from stages import train


def main() -> None:
    """Measure, print, write JSON."""
    parser = argparse.ArgumentParser(description="What logging to MLflow costs a training.")
    parser.add_argument("--variant", default="dense-128")
    parser.add_argument("--epochs", type=count, default=20)
    parser.add_argument("--repeats", type=count, default=3, help="turns that count")
    parser.add_argument("--output", type=Path, default=Path("benchmarks/results"), help="folder")
    options = parser.parse_args()
    with one_line_errors(), tempfile.TemporaryDirectory() as folder:
        if not Path("data/normalized").exists():
            raise InputError("data/normalized: no such folder; run `make` first")
        shutil.copytree("data", Path(folder) / "data", ignore=shutil.ignore_patterns("raw"))
        shutil.copy("params.yaml", folder)
        figures = measure(Path(folder), options.variant, options.epochs, options.repeats)
    options.output.mkdir(parents=True, exist_ok=True)
    (options.output / "tracking.json").write_text(json.dumps(figures, indent=1) + "\n")
    for name, value in figures.items():
        print(f"{name.replace('_', ' '):34}{value:10.3f}")


def measure(folder: Path, variant: str, epochs: int, repeats: int) -> dict[str, float]:
    """Return the seconds of the stage with and without logging, and what logging adds to a run."""
    turns: list[list[tuple[float, float]]] = []
    for _ in range(repeats + 1):
        turn = []
        for logging in (True, False):
            with helper_process() as beside:
                turn.append(beside.submit(_train, folder, variant, epochs, logging).result())
        turns.append(turn)
    # The first turn fills the caches of the system, and creates the store.
    logged, silent = np.array(turns[1:]).transpose(1, 2, 0)  # each (wall and CPU, turns)
    added, runs = logged - silent, len(load_params().seeds)
    return {
        "seconds_with_logging": float(np.median(logged[0])),
        "seconds_without": float(np.median(silent[0])),
        **_spread("added_share", added[0] / silent[0]),
        **_spread("added_seconds_per_run", added[0] / runs),
        # Less disturbed by what else the machine does; the process that records is counted.
        "cpu_seconds_without": float(np.median(silent[1])),
        **_spread("added_cpu_seconds_per_run", added[1] / runs),
    }


def _spread(name: str, values: NDArray[np.float64]) -> dict[str, float]:
    return {name: float(np.median(values)), f"{name}_least": float(values.min()), f"{name}_most": float(values.max())}


def _train(folder: Path, variant: str, epochs: int, logging: bool) -> tuple[float, float]:
    """Return the wall and the CPU seconds of the stage."""
    os.chdir(folder)
    params = load_params()
    own = params.variants[variant].model_copy(update={"epochs": epochs})
    params = params.model_copy(update={"variants": {variant: own}})
    with nullcontext() if logging else patch.object(train, "Recorder", MagicMock()):
        start, start_cpu = time.perf_counter(), _cpu_seconds()
        train.train(params, variant)
        return time.perf_counter() - start, _cpu_seconds() - start_cpu


def _cpu_seconds() -> float:
    """Return the seconds of CPU time of this process and of its children that have ended."""
    return sum(os.times()[:4])


if __name__ == "__main__":
    main()
