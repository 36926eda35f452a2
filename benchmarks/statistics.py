"""What the comparison's intervals and verdicts hold: the tables of docs/STATISTICS.md.

Reads:  benchmarks/forty_trainings.npz
Writes: docs/STATISTICS.md, between its marks
Run:    python -m benchmarks.statistics [--repetitions 10000]
"""

import argparse
import math
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from hemline.target import fix_target

fix_target()

import numpy as np  # noqa: E402 - after the target is fixed
from joblib import Parallel, delayed  # noqa: E402
from scipy import stats  # noqa: E402

from benchmarks.counts import count  # noqa: E402
from benchmarks.few_seeds import LEVELS, t_half_width, worst_error  # noqa: E402
from benchmarks.forty_trainings import correct  # noqa: E402
from benchmarks.simulated_classes import CLASSES  # noqa: E402
from benchmarks.simulated_classes import coverage as class_coverage  # noqa: E402
from benchmarks.simulated_trainings import MADE, STEADY, Made, family_wise_error, power  # noqa: E402
from hemline.comparison.crossed import Crossed  # noqa: E402
from hemline.comparison.statistics import compare  # noqa: E402
from hemline.errors import one_line_errors  # noqa: E402
from hemline.report.page import markdown_table  # noqa: E402
from hemline.report.readme import rewrite  # noqa: E402

DOCUMENT = Path("docs/STATISTICS.md")
SEEDS = (2, 3, 4, 10, 20)


def main() -> None:
    """Simulate, and write the tables."""
    parser = argparse.ArgumentParser(description="Simulate what the statistics hold, for docs/STATISTICS.md.")
    parser.add_argument("--repetitions", type=count, default=10_000)
    repetitions = parser.parse_args().repetitions
    with one_line_errors():
        write_tables(repetitions)


def write_tables(repetitions: int) -> None:
    """Write every table into its place in the document.

    Raises:
        InputError: a file is missing, or the document lacks a mark.
    """
    tables = {
        "coverage": coverage_table(repetitions),
        "few": few_table(),
        "error": error_table(repetitions),
        "power": power_table(max(repetitions // 5, 1)),
        "classes": classes_table(max(repetitions // 5, 1)),
        "real": real_table(),
    }
    for name, table in tables.items():
        rewrite(DOCUMENT, name, table)


def coverage_table(repetitions: int) -> str:
    """Tell how often the interval holds the true gain, by made-up trainings and number of seeds."""
    jobs = [(name, seeds) for name in MADE for seeds in SEEDS]
    found = _side_by_side(_coverage, [(MADE[name], seeds, repetitions) for name, seeds in jobs])
    rows = [[name, *(f"{100 * next(found):.1f}" for _ in SEEDS)] for name in MADE]
    error = 100 * math.sqrt(0.95 * 0.05 / repetitions)
    return (
        markdown_table(["trainings", *(f"{seeds} seeds" for seeds in SEEDS)], rows)
        + f"\n\n{repetitions:,} comparisons each: the standard error of a figure is {error:.2f} points."
    )


def few_table() -> str:
    """Tell how often a true gain of 0 is rejected by few seeds, at the worst share of the seeds in the variance."""
    rows = []
    for name, half_width in {"t": t_half_width, "Banerjee's": Crossed.cautious_half_width}.items():
        errors = [worst_error(half_width, seeds, level) for seeds in SEEDS[:3] for level in LEVELS]
        rows.append([name, *(f"{100 * error:.1f}" for error in errors)])
    columns = [f"{seeds} seeds, at {100 * level:g} %" for seeds in SEEDS[:3] for level in LEVELS]
    return markdown_table(["test", *columns], rows)


def error_table(repetitions: int) -> str:
    """Tell how often a comparison of real trainings that do not differ finds a difference."""
    seeds = SEEDS[:-1]
    names = ("linear", "dense-128")
    found = _side_by_side(family_wise_error, [(name, each, repetitions) for name in names for each in seeds])
    rows = [[name, *(f"{100 * next(found):.1f}" for _ in seeds)] for name in names]
    groups = ["groups", *(str(min(40 // each, 6)) for each in seeds)]
    error = 100 * math.sqrt(0.05 * 0.95 / repetitions)
    return (
        markdown_table(["trainings", *(f"{each} seeds" for each in seeds)], [*rows, groups])
        + f"\n\n{repetitions:,} comparisons each: the standard error of a figure is {error:.2f} points."
    )


def power_table(repetitions: int) -> str:
    """Tell how often half a point over a steady baseline is found."""
    found = list(_side_by_side(power, [(STEADY, seeds, repetitions) for seeds in SEEDS]))
    rows = [["found, %", *(f"{100 * share:.1f}" for share in found)]]
    error = 100 * math.sqrt(0.25 / repetitions)
    return (
        markdown_table(["half a point", *(f"{seeds} seeds" for seeds in SEEDS)], rows)
        + f"\n\n{repetitions:,} comparisons each: the standard error of a figure is at most {error:.1f} points."
    )


def classes_table(repetitions: int) -> str:
    """Tell how often the intervals of balanced accuracy and macro F1 hold the true figure."""
    seeds = (2, 4, 10)
    jobs = [(classes, each, repetitions) for classes in CLASSES.values() for each in seeds]
    found = iter(Parallel(n_jobs=-1)(delayed(class_coverage)(*job) for job in jobs))
    rows = []
    for name in CLASSES:
        held = [next(found) for _ in seeds]
        rows.append([name, *(f"{100 * share:.1f}, {100 * f1:.1f}" for share, f1 in held)])
    error = 100 * math.sqrt(0.95 * 0.05 / repetitions)
    return (
        markdown_table(["test images", *(f"{each} seeds" for each in seeds)], rows)
        + f"\n\n{repetitions:,} test sets each: the standard error of a figure is {error:.1f} points."
    )


def real_table() -> str:
    """Describe the forty trainings."""
    rows = []
    accuracies = {name: 100 * correct(name).mean(axis=1) for name in ("linear", "dense-128")}
    gains = accuracies["dense-128"] - accuracies["linear"]
    for name, values in (accuracies | {"their difference, seed by seed": gains}).items():
        rows.append([name, f"{values.mean():.2f}", f"{values.std(ddof=1):.2f}", f"{stats.skew(values):+.2f}"])
    correlation = np.corrcoef(*accuracies.values())[0, 1]
    return (
        markdown_table(["test accuracy, %", "mean", "standard deviation", "skewness"], rows)
        + f"\n\nThe accuracies of the two correlate by {correlation:.2f} over the seeds."
    )


def _side_by_side(function: Callable[..., float], arguments: list[tuple[Any, ...]]) -> Iterator[float]:
    return iter(Parallel(n_jobs=-1)(delayed(function)(*each) for each in arguments))


def _coverage(made: Made, seeds: int, repetitions: int) -> float:
    rng, gain, held = np.random.default_rng(20), made.gain(), 0
    for _ in range(repetitions):
        interval = compare(*made.sample(rng, seeds, images=500))
        held += interval.low <= gain <= interval.high
    return held / repetitions


if __name__ == "__main__":
    main()
