"""Compare two commits by what people wait for: an edit, evaluate and report, the whole pipeline, and nothing to do.

Reads:  two commits of this repository; data/raw of the workspace
Writes: <output>/commits.json
Run:    python -m benchmarks.commits BEFORE [AFTER] [--turns 5] [--tasks edit evaluate nothing whole]

Both are cloned beside each other, each with an environment of its own where their locks differ, and both pipelines run
once. Then the tasks take turns, so that what else the machine does falls on both. An edit is
``dvc exp run -S 'variants.dense-128.hidden=[N]'`` with an N that was never trained. After each turn of an edit, and
after the first of the whole pipeline, a plain Keras script does the same trainings, and nothing else.
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
from typing import Any, NamedTuple

from benchmarks.counts import count
from hemline.data.description import load_dataset
from hemline.errors import InputError, one_line_errors
from hemline.params import load_params

ROOT = Path(__file__).parent.parent
_EDITED = "dense-128"
_FIRST_UNITS = 65


class Task(NamedTuple):
    """Something that people wait for: arguments of DVC, in which {units} is another number in every turn.

    Where there is a plain Keras ``script`` that does the same trainings, it runs in the first ``scripts`` turns, too.
    """

    dvc: list[str]
    script: list[str] | None = None
    scripts: int = 0


TASKS = {
    "edit": Task(["exp", "run", "-S", f"variants.{_EDITED}.hidden=[{{units}}]"], ["--variant", _EDITED], sys.maxsize),
    "evaluate": Task(["repro", "--force", "--single-item", "evaluate", "report"]),
    "nothing": Task(["repro"]),
    "whole": Task(["repro", "--force", "--no-run-cache"], [], 1),
}


def main() -> None:
    """Measure, print, write JSON."""
    parser = argparse.ArgumentParser(description="Compare two commits by what people wait for.")
    parser.add_argument("before")
    parser.add_argument("after", nargs="?", default="HEAD")
    parser.add_argument("--turns", type=count, default=5)
    parser.add_argument("--tasks", nargs="+", choices=TASKS, default=list(TASKS))
    parser.add_argument("--output", type=Path, default=Path("benchmarks/results"), help="folder")
    options = parser.parse_args()
    # In a new environment, and only there, every process would compile the libraries anew.
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    with one_line_errors(), tempfile.TemporaryDirectory() as folder:
        commits = {"before": options.before, "after": options.after}
        clones = [prepare(commit, Path(folder) / name) for name, commit in commits.items()]
        figures = {task: measure(clones, task, options.turns) for task in options.tasks}
    options.output.mkdir(parents=True, exist_ok=True)
    (options.output / "commits.json").write_text(json.dumps(figures, indent=1) + "\n")
    for task, figure in figures.items():
        before, after, ratio, script = (figure[key] for key in ("before", "after", "ratio", "script"))
        beside = f"   plain Keras script {script:.1f} s, {script / after:.1f} times as long" if script else ""
        print(f"{task:10}{before:8.1f} s before {after:8.1f} s after   ratio {ratio:.2f}{beside}")


def prepare(commit: str, folder: Path) -> Path:
    """Return a clone at a commit in which the pipeline has run once.

    Raises:
        InputError: as ``clone``, or its pipeline fails.
    """
    run(clone(commit, folder), "dvc", "repro")
    return folder


def clone(commit: str, folder: Path) -> Path:
    """Return a clone at a commit, with the data and an environment.

    Raises:
        InputError: the workspace has no data, or there is no such commit.
    """
    dataset = load_dataset(load_params().dataset)
    raw = Path("data/raw")
    if not raw.is_dir():
        raise InputError(f"{raw}: no such folder; run `make` first")
    run(ROOT, "git", "clone", "--quiet", "--no-hardlinks", str(ROOT), str(folder))
    run(folder, "git", "checkout", "--quiet", commit)
    shutil.copytree(raw, folder / "data/manual" / dataset.name)
    if (folder / "requirements.lock").read_bytes() == (ROOT / "requirements.lock").read_bytes():
        (folder / ".venv").symlink_to(Path(sys.prefix))
    else:
        run(folder, "make", "setup")
    return folder


def measure(clones: list[Path], name: str, turns: int) -> dict[str, Any]:
    """Measure a task in two clones.

    Returns the median seconds ``before``, ``after`` and of the ``script`` (None where there is none), the ``ratio`` of
    the first two, and all seconds of the clones by turns.
    """
    task = TASKS[name]
    seconds: list[list[float]] = [[] for _ in clones]
    scripts: list[float] = []
    for turn in range(turns):
        arguments = [argument.format(units=_FIRST_UNITS + turn) for argument in task.dvc]
        for clone, taken in zip(clones, seconds, strict=True):
            taken.append(_seconds(clone, "dvc", *arguments))
            print(f"{name}, turn {turn + 1}, {clone.name}: {taken[-1]:.1f} s", file=sys.stderr, flush=True)
        if task.script is not None and turn < task.scripts:
            scripts.append(_seconds(clones[-1], "python", "-m", "benchmarks.plain_keras", *task.script))
            print(f"{name}, turn {turn + 1}, script: {scripts[-1]:.1f} s", file=sys.stderr, flush=True)
    before, after = map(statistics.median, seconds)
    script = statistics.median(scripts) if scripts else None
    return {"before": before, "after": after, "ratio": after / before, "script": script, "turns": seconds}


def _seconds(folder: Path, *command: str) -> float:
    start = time.perf_counter()
    run(folder, *command)
    return time.perf_counter() - start


def run(folder: Path, *command: str) -> str:
    """Run a command in a clone, with its environment, and return what it prints.

    Raises:
        InputError: it fails.
    """
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("MLFLOW_", "DVC_"))}
    environment |= {"KERAS_BACKEND": "tensorflow", "CUDA_VISIBLE_DEVICES": "-1"}
    environment["PATH"] = os.pathsep.join([str(folder / ".venv/bin"), environment["PATH"]])
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        raise InputError(f"{folder.name}: {' '.join(command)} failed: {done.stderr.strip()[-500:]}")
    return done.stdout


if __name__ == "__main__":
    main()
