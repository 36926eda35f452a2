"""Compare two commits by what people wait for: an edit, evaluate and report, the whole pipeline, and nothing to do.

Reads:  two commits of this repository; data/raw of the workspace
Writes: <output>/commits.json
Run:    python -m benchmarks.commits BEFORE [AFTER] [--turns 5] [--tasks edit evaluate nothing whole]

Both are cloned beside each other, each with an environment of its own where their locks differ, and both pipelines run
once. Then the tasks take turns, so that what else the machine does falls on both. An edit is
``dvc exp run -S 'variants.dense-128.hidden=[N]'`` with an N that was never trained.
"""

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from benchmarks.counts import count
from hemline.data.description import load_dataset
from hemline.errors import InputError, one_line_errors
from hemline.params import load_params

ROOT = Path(__file__).parent.parent
# Arguments of dvc; {units} is another number in every turn.
TASKS = {
    "edit": ["exp", "run", "-S", "variants.dense-128.hidden=[{units}]"],
    "evaluate": ["repro", "--force", "--single-item", "evaluate", "report"],
    "nothing": ["repro"],
    "whole": ["repro", "--force", "--no-run-cache"],
}
_FIRST_UNITS = 65


def main() -> None:
    """Measure, print, write JSON."""
    parser = argparse.ArgumentParser(description="Compare two commits by what people wait for.")
    parser.add_argument("before")
    parser.add_argument("after", nargs="?", default="HEAD")
    parser.add_argument("--turns", type=count, default=5)
    parser.add_argument("--tasks", nargs="+", choices=TASKS, default=list(TASKS))
    parser.add_argument("--output", type=Path, default=Path("benchmarks/results"), help="folder")
    options = parser.parse_args()
    with one_line_errors(), tempfile.TemporaryDirectory() as folder:
        commits = {"before": options.before, "after": options.after}
        clones = [prepare(commit, Path(folder) / name) for name, commit in commits.items()]
        figures = {task: measure(clones, task, options.turns) for task in options.tasks}
    options.output.mkdir(parents=True, exist_ok=True)
    (options.output / "commits.json").write_text(json.dumps(figures, indent=1) + "\n")
    for task, figure in figures.items():
        before, after, ratio = (figure[key] for key in ("before", "after", "ratio"))
        print(f"{task:10}{before:8.1f} s before {after:8.1f} s after   ratio {ratio:.2f}")


def prepare(commit: str, folder: Path) -> Path:
    """Return a clone at a commit in which the pipeline has run once.

    Raises:
        InputError: the workspace has no data, there is no such commit, or its pipeline fails.
    """
    dataset = load_dataset(load_params().dataset)
    raw = Path("data/raw")
    if not raw.is_dir():
        raise InputError(f"{raw}: no such folder; run `make` first")
    _run(ROOT, "git", "clone", "--quiet", "--no-hardlinks", str(ROOT), str(folder))
    _run(folder, "git", "checkout", "--quiet", commit)
    shutil.copytree(raw, folder / "data/manual" / dataset.name)
    if (folder / "requirements.lock").read_bytes() == (ROOT / "requirements.lock").read_bytes():
        (folder / ".venv").symlink_to(Path(sys.prefix))
    else:
        _run(folder, "make", "setup")
    _run(folder, ".venv/bin/dvc", "repro")
    return folder


def measure(clones: list[Path], task: str, turns: int) -> dict[str, Any]:
    """Return the median seconds of a task in two clones, their ratio, and all seconds, by turns."""
    seconds: list[list[float]] = [[] for _ in clones]
    for turn in range(turns):
        arguments = [argument.format(units=_FIRST_UNITS + turn) for argument in TASKS[task]]
        for clone, taken in zip(clones, seconds, strict=True):
            start = time.perf_counter()
            _run(clone, ".venv/bin/dvc", *arguments)
            taken.append(time.perf_counter() - start)
            print(f"{task}, turn {turn + 1}, {clone.name}: {taken[-1]:.1f} s", file=sys.stderr, flush=True)
    before, after = map(statistics.median, seconds)
    return {"before": before, "after": after, "ratio": after / before, "turns": seconds}


def _run(folder: Path, *command: str) -> None:
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("MLFLOW_", "DVC_"))}
    environment["PATH"] = os.pathsep.join([str(folder / ".venv/bin"), environment["PATH"]])
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        raise InputError(f"{folder.name}: {' '.join(command)} failed: {done.stderr.strip()[-500:]}")


if __name__ == "__main__":
    main()
