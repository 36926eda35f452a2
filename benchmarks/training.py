"""Compare the trainer with its peers.

Reads:  data/normalized/ (train, test)
Writes: <output>/training.json, <output>/training.png
Run:    python -m benchmarks.training [--quick] [--rows 784-128-10 …] [--batch-sizes 32 …] [--repeats 3]

Every competitor trains the same networks on the same images, in the same batch size and epochs, with Adam. They take
turns, so that what else the machine does falls on all. Importing, compiling and a first training come before the clock.
"""

import argparse
import json
import os
import platform
import statistics
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from importlib import metadata
from pathlib import Path
from typing import Any

from benchmarks.chart import draw
from benchmarks.competitors import COMPETITORS, CORES, OURS, Team
from benchmarks.counts import count
from benchmarks.work import BATCH_SIZES, ROWS, Work
from benchmarks.worker import Skipped
from hemline.errors import one_line_errors

# Final accuracies further apart than this are marked: such a competitor would not have done the same work.
_NOISE = 0.04


def main() -> None:
    """Measure, print the table, write JSON and plot."""
    options = _options()
    works = [Work(row, ROWS[row], size, options.epochs) for row in options.rows for size in options.batch_sizes]
    options.output.mkdir(parents=True, exist_ok=True)
    rows: list[dict[str, Any]] = []
    with one_line_errors():
        machine = _machine()
        # Row by row, because the whole takes long, and may be interrupted.
        for row in measure(works, options.competitors, options.repeats):
            rows.append(row)
            results = {"machine": machine, "rows": rows}
            (options.output / "training.json").write_text(json.dumps(results, indent=1) + "\n")
            draw(rows, options.output / "training.png")
    print(f"\nWritten: {options.output}/training.json and training.png")


def measure(works: list[Work], names: list[str], repeats: int) -> Iterator[dict[str, Any]]:
    """Let the competitors take turns on each work; yield a row of results for each."""
    with ExitStack() as stack:
        teams: dict[str, Team] = {}
        skipped: dict[str, str] = {}
        for name in names:
            print(f"starting {name} ...", file=sys.stderr, flush=True)
            try:
                teams[name] = Team(COMPETITORS[name], stack)
            except Skipped as reason:
                skipped[name] = str(reason)
        for work in works:
            row = _row(work, _turns(work, teams, dict(skipped), repeats))
            print(_table(row), flush=True)
            yield row


def _turns(work: Work, teams: dict[str, Team], skipped: dict[str, str], repeats: int) -> dict[str, Any]:
    """Return the answers of every competitor, one per turn, or why it was skipped."""
    answers: dict[str, list[list[dict[str, Any]]]] = {}
    for turn in range(repeats + 1):  # the first compiles, and is dropped
        for name, team in teams.items():
            if name in skipped:
                continue
            print(f"{work.row}, batch {work.batch_size}, turn {turn}: {name}", file=sys.stderr, flush=True)
            try:
                answers.setdefault(name, []).append(team.run(work, turn))
            except Skipped as reason:
                skipped[name] = str(reason)
    return {name: {"turns": turns[1:]} for name, turns in answers.items() if name not in skipped} | {
        name: {"skipped": reason} for name, reason in skipped.items()
    }


def _row(work: Work, results: dict[str, Any]) -> dict[str, Any]:
    """Return the figures of one row: per competitor its times, its rate, and how many times faster ours is."""
    competitors: dict[str, Any] = {}
    for name, result in results.items():
        if "skipped" in result:
            competitors[name] = result
            continue
        trainings = COMPETITORS[name].seeds * COMPETITORS[name].processes
        seconds = [max(answer["seconds"] for answer in turn) for turn in result["turns"]]
        answers = [answer for turn in result["turns"] for answer in turn]
        competitors[name] = {
            "seconds_per_training": [value / trainings for value in seconds],
            "cpu_seconds_per_training": statistics.median(answer["cpu_seconds"] for answer in answers),
            "accuracy": statistics.mean(value for answer in answers for value in answer["accuracies"]),
        }
    if "seconds_per_training" in competitors.get(OURS, {}):
        _add_ratios(competitors)
    return {"work": work._asdict(), "competitors": competitors}


def _add_ratios(competitors: dict[str, Any]) -> None:
    """Add by turn, because both sides of a turn had the same neighbours: how many times faster ours is."""
    ours = competitors[OURS]["seconds_per_training"]
    accuracies = [result["accuracy"] for result in competitors.values() if "accuracy" in result]
    for result in competitors.values():
        if "skipped" in result:
            continue
        ratios = [theirs / mine for theirs, mine in zip(result["seconds_per_training"], ours, strict=True)]
        result["ratio"] = {"median": statistics.median(ratios), "min": min(ratios), "max": max(ratios)}
        result["same_accuracy"] = abs(result["accuracy"] - statistics.median(accuracies)) <= _NOISE


def _table(row: dict[str, Any]) -> str:
    work = Work(**row["work"])
    lines = [
        f"\n{work.row}, batch size {work.batch_size}, epochs {work.epochs}",
        f"{'':30}{'s/training':>11}{'CPU s':>8}{'accuracy':>10}   ours is faster by (median, range)",
    ]
    for name, result in row["competitors"].items():
        if "skipped" in result:
            lines.append(f"{name:30}skipped: {result['skipped']}")
            continue
        line = f"{name:30}{statistics.median(result['seconds_per_training']):11.2f}"
        line += f"{result['cpu_seconds_per_training']:8.2f}{result['accuracy']:10.4f}"
        if "ratio" in result:
            ratio = result["ratio"]
            line += f"   {ratio['median']:6.2f}  ({ratio['min']:.2f}-{ratio['max']:.2f})"
            line += "" if result["same_accuracy"] else "   NOT THE SAME ACCURACY"
        lines.append(line)
    return "\n".join(lines)


def _machine() -> dict[str, Any]:
    versions = {}
    for package in ("tensorflow", "keras", "torch", "scikit-learn", "numpy"):
        try:
            versions[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            versions[package] = "absent"
    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else None
    return {"cores": CORES, "architecture": platform.machine(), "load_before": load, "versions": versions}


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Compare the trainer with its peers.")
    parser.add_argument("--quick", action="store_true", help="one row, one batch size")
    parser.add_argument("--rows", nargs="+", choices=ROWS, help="networks; default: all")
    parser.add_argument("--batch-sizes", nargs="+", type=count, help=f"default: {BATCH_SIZES}")
    parser.add_argument("--competitors", nargs="+", choices=COMPETITORS, default=list(COMPETITORS))
    parser.add_argument("--epochs", type=count, default=1, help="of every training")
    parser.add_argument("--repeats", type=count, default=3, help="turns that count")
    parser.add_argument("--output", type=Path, default=Path("benchmarks/results"), help="folder")
    options = parser.parse_args()
    options.rows = options.rows or (["784-128-10"] if options.quick else list(ROWS))
    options.batch_sizes = options.batch_sizes or (BATCH_SIZES[:1] if options.quick else BATCH_SIZES)
    return options


if __name__ == "__main__":
    main()
