"""Compare the whole pipeline with a plain Keras script that does the same trainings.

Reads:  the repository's HEAD and params.yaml; data/raw of the workspace
Writes: <output>/pipeline.json
Run:    python -m benchmarks.pipeline [--quick]

Works in a temporary clone, with an MLflow store of its own. The pipeline does more than the script: it normalizes,
logs, evaluates, compares and reports. The script starts from the normalized data, trains and saves.
"""

import argparse
import contextlib
import json
import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import pandas as pd
from ruamel.yaml import YAML

from benchmarks.competitors import CORES
from hemline.errors import InputError, one_line_errors
from hemline.params import load_params

ROOT = Path(__file__).parent.parent


def main() -> None:
    """Measure, print, write JSON."""
    parser = argparse.ArgumentParser(description="Compare the pipeline with a plain Keras script.")
    parser.add_argument("--quick", action="store_true", help="two variants, one seed per core, one epoch")
    parser.add_argument("--output", type=Path, default=Path("benchmarks/results"), help="folder")
    options = parser.parse_args()
    with one_line_errors(), tempfile.TemporaryDirectory() as folder:
        figures = measure(_clone(Path(folder), quick=options.quick))
    options.output.mkdir(parents=True, exist_ok=True)
    (options.output / "pipeline.json").write_text(json.dumps(figures, indent=1) + "\n")
    for name, value in figures.items():
        print(f"{name.replace('_', ' '):32}{value:10.2f}")


def measure(clone: Path) -> dict[str, float]:
    """Run the pipeline, again with nothing to do, and the script; return seconds and shares."""
    pipeline = _seconds(clone, "-m", "dvc", "repro", "--no-run-cache")
    nothing_to_do = _seconds(clone, "-m", "dvc", "repro")
    epochs, computing = (seconds / _at_once(clone) for seconds in _seconds_in_epochs(clone))
    script = _seconds(clone, "-m", "benchmarks.plain_keras")
    return {
        "pipeline_seconds": pipeline,
        "plain_keras_script_seconds": script,
        "pipeline_is_faster_by": script / pipeline,
        "seconds_in_epochs": epochs,
        "share_outside_epochs": 1 - epochs / pipeline,
        "seconds_training": computing,
        "share_not_training": 1 - computing / pipeline,
        "nothing_to_do_seconds": nothing_to_do,
    }


def _clone(folder: Path, *, quick: bool) -> Path:
    """Return a clone of HEAD whose raw data is present and nothing else; ``quick`` leaves it less to do."""
    raw = Path("data/raw")
    if not raw.exists():
        raise InputError(f"{raw}: no such folder; run `make` first")
    clone = folder / "clone"
    subprocess.run(["git", "clone", "--quiet", "--no-hardlinks", str(ROOT), str(clone)], check=True)
    shutil.copy("params.yaml", clone / "params.yaml")
    shutil.copytree(raw, clone / "data/raw")
    # The rest of the lock file describes outputs that are not there.
    _rewrite(clone / "dvc.lock", lambda lock: _keep(lock["stages"], ["check", "download"]))
    if quick:
        _rewrite(clone / "params.yaml", _shorten)
    subprocess.run([sys.executable, "-m", "stages.check"], cwd=clone, check=True)
    commit = [sys.executable, "-m", "dvc", "commit", "--quiet", "--force", "check", "download"]
    subprocess.run(commit, cwd=clone, check=True)
    return clone


def _shorten(params: Any) -> None:
    params["epochs"] = 1
    params["seeds"] = list(range(CORES))
    _keep(params["variants"], [params["baseline"], "dense-128"])


def _keep(mapping: Any, keys: list[str]) -> None:
    for key in [key for key in mapping if key not in keys]:
        del mapping[key]


def _rewrite(path: Path, change: Any) -> None:
    yaml = YAML()
    contents = yaml.load(path)
    change(contents)
    yaml.dump(contents, path)


def _seconds(clone: Path, *arguments: str) -> float:
    """Return the wall time of a Python command in the clone."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("MLFLOW_", "DVC_"))}
    environment |= {
        "MLFLOW_DISABLE_TELEMETRY": "true",
        "KERAS_BACKEND": "tensorflow",
        "CUDA_VISIBLE_DEVICES": "-1",
        "PATH": os.pathsep.join([str(Path(sys.executable).parent), environment["PATH"]]),
    }
    print(f"running: python {' '.join(arguments)}", file=sys.stderr, flush=True)
    start = time.perf_counter()
    done = subprocess.run(
        [sys.executable, *arguments], cwd=clone, env=environment, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise InputError(f"python {' '.join(arguments)} failed: {done.stderr.strip()}")
    return time.perf_counter() - start


def _at_once(clone: Path) -> int:
    """Return how many trainings run side by side."""
    return min(int(CORES), len(load_params(clone / "params.yaml").seeds))


def _seconds_in_epochs(clone: Path) -> tuple[float, float]:
    """Return the seconds of all epochs of all trainings, and the same where no first epoch had to compile."""
    query = "SELECT run_uuid, value FROM metrics WHERE key = 'seconds' ORDER BY run_uuid, step"
    with contextlib.closing(sqlite3.connect(clone / "mlflow.db")) as store:
        runs = pd.DataFrame(store.execute(query).fetchall(), columns=["run", "seconds"]).groupby("run").seconds
    # A training of one epoch has no other.
    computing = runs.apply(lambda seconds: len(seconds) * (seconds.iloc[1:] if len(seconds) > 1 else seconds).median())
    return float(runs.sum().sum()), float(computing.sum())


if __name__ == "__main__":
    main()
