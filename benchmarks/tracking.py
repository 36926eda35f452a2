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
import statistics
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from contextlib import nullcontext
from multiprocessing import get_context
from pathlib import Path
from unittest.mock import MagicMock, patch

from hemline.errors import InputError, one_line_errors
from hemline.params import load_params
from hemline.trained import Settings
from stages import train


def main() -> None:
    """Measure, print, write JSON."""
    parser = argparse.ArgumentParser(description="What logging to MLflow costs a training.")
    parser.add_argument("--variant", default="dense-128")
    parser.add_argument("--epochs", type=int, default=20)
    parser.add_argument("--repeats", type=int, default=3, help="turns that count")
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
    turns = []
    for _ in range(repeats + 1):
        with ProcessPoolExecutor(1, mp_context=get_context("spawn"), max_tasks_per_child=1) as process:
            turns.append(
                [process.submit(_train, folder, variant, epochs, logging).result() for logging in (True, False)]
            )
    # The first turn fills the caches of the system, and creates the store.
    logged, silent = (statistics.median(seconds) for seconds in zip(*turns[1:], strict=True))
    added = logged - silent
    return {
        "seconds_with_logging": logged,
        "seconds_without": silent,
        "added_share": added / silent,
        "added_seconds_per_run": added / len(load_params().seeds),
    }


def _train(folder: Path, variant: str, epochs: int, logging: bool) -> float:
    os.chdir(folder)
    params = load_params()
    settings = Settings.of(params, variant)
    settings = settings.model_copy(update={"training": settings.training.model_copy(update={"epochs": epochs})})
    with nullcontext() if logging else patch.object(train, "Recorder", MagicMock()):
        start = time.perf_counter()
        train.train(settings, params.seeds, train.watched_sets(record_test=False))
        return time.perf_counter() - start


if __name__ == "__main__":
    main()
