"""Coverage of the intervals and error rates of the verdicts: the tables of docs/STATISTICS.md.

Reads:  benchmarks/forty_trainings.npz, benchmarks/stopped_trainings.npz
Writes: docs/STATISTICS.md, between its marks
Run:    python -m benchmarks.statistics [--repetitions 10000] [--only pairs,plan]
"""

import argparse
import itertools
import math
from collections.abc import Callable, Iterator, Sequence
from functools import partial
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
from benchmarks.simulated_convergence import SHARES, Curves, said_to_improve, stopped  # noqa: E402
from benchmarks.simulated_groups import SIZES, GroupedImages  # noqa: E402
from benchmarks.simulated_groups import coverage as grouped_coverage  # noqa: E402
from benchmarks.simulated_groups import family_wise_error as grouped_error  # noqa: E402
from benchmarks.simulated_pairs import (  # noqa: E402
    Variants,
    best_is_kept,
    found_the_same,
    pilots_that_suffice,
    planned_power,
)
from benchmarks.simulated_pairs import family_wise_error as pairs_error  # noqa: E402
from benchmarks.simulated_splits import Resampling, Splits, resampled_coverage  # noqa: E402
from benchmarks.simulated_splits import coverage as split_coverage  # noqa: E402
from benchmarks.simulated_trainings import (  # noqa: E402
    MADE,
    NULLS,
    STEADY,
    Made,
    family_wise_error,
    many_variants_error,
    power,
)
from benchmarks.stopped_trainings import TRAININGS, needed_epochs  # noqa: E402
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
    parser.add_argument("--only", default="", help="tables, by the names of their marks, with commas; otherwise all")
    options = parser.parse_args()
    with one_line_errors():
        write_tables(options.repetitions, options.only.split(",") if options.only else [])


def write_tables(repetitions: int, only: Sequence[str] = ()) -> None:
    """Write the tables into their places in the document.

    Args:
        repetitions: of most simulations; of those that take longer, a share of it.
        only: the names of the tables; none: all.

    Raises:
        InputError: a file is missing, or the document lacks a mark.
    """
    tables: dict[str, Callable[[], str]] = {
        "coverage": partial(coverage_table, repetitions),
        "few": few_table,
        "error": partial(error_table, repetitions),
        "many": partial(many_table, repetitions),
        "pairs": partial(pairs_table, repetitions),
        "same": partial(same_table, repetitions),
        "plan": partial(plan_table, max(repetitions // 10, 1)),
        "splits": partial(splits_table, max(repetitions // 5, 1)),
        "resampled": partial(resampled_table, max(repetitions // 10, 1)),
        "groups": partial(groups_table, max(repetitions // 2, 1)),
        "power": partial(power_table, max(repetitions // 5, 1)),
        "classes": partial(classes_table, max(repetitions // 5, 1)),
        "real": real_table,
        "convergence": partial(convergence_table, max(repetitions // 50, 1)),
        "stopped": partial(stopped_table, max(repetitions // 100, 1)),
    }
    for name in only or tables:
        rewrite(DOCUMENT, name, tables[name]())


def coverage_table(repetitions: int) -> str:
    """Tell how often the interval holds the true gain, by made-up trainings and number of seeds."""
    jobs = [(name, seeds) for name in MADE for seeds in SEEDS]
    found = _side_by_side(_coverage, [(MADE[name], seeds, repetitions) for name, seeds in jobs])
    rows = [[name, *(f"{100 * next(found):.1f}" for _ in SEEDS)] for name in MADE]
    return markdown_table(["trainings", *(f"{seeds} seeds" for seeds in SEEDS)], rows) + _standard_error(repetitions)


def few_table() -> str:
    """Tell how often a true gain of 0 is rejected by few seeds, at the worst share of the seeds in the variance."""
    rows = []
    for seeds, level in itertools.product((2, 3, 4, 10), LEVELS):
        errors = [worst_error(half_width, seeds, level) for half_width in (t_half_width, Crossed.cautious_half_width)]
        rows.append([str(seeds), f"{100 * level:.2g}", *(f"{100 * error:.2g}" for error in errors)])
    return markdown_table(["seeds", "at, %", "t test, %", "cautious test, %"], rows)


def error_table(repetitions: int) -> str:
    """Tell how often a comparison of real trainings that do not differ finds a difference."""
    seeds = SEEDS[:-1]
    names = ("linear", "dense-128")
    found = _side_by_side(family_wise_error, [(name, each, repetitions) for name in names for each in seeds])
    rows = [[name, *(f"{100 * next(found):.1f}" for _ in seeds)] for name in names]
    groups = ["groups", *(str(min(40 // each, 6)) for each in seeds)]
    return markdown_table(["trainings", *(f"{each} seeds" for each in seeds)], [*rows, groups]) + _standard_error(
        repetitions
    )


def many_table(repetitions: int) -> str:
    """Tell how often a comparison of many made-up variants that do not differ finds a difference."""
    seeds, variants = (4, 5, 6, 10), (5, 15, 39)
    null = NULLS["seeds and images weigh the same"]
    found = _side_by_side(many_variants_error, [(null, each, m, repetitions) for m in variants for each in seeds])
    rows = [[str(m), *(f"{100 * next(found):.1f}" for _ in seeds)] for m in variants]
    return markdown_table(["variants", *(f"{each} seeds" for each in seeds)], rows) + _standard_error(repetitions)


def pairs_table(repetitions: int) -> str:
    """Tell how often a comparison of all pairs errs, and how often the best variant is kept among the possible ones."""
    numbers, shares, seeds = (3, 6, 10), (0.1, 0.5, 0.9), (4, 10)
    rows = []
    for correlation, number in itertools.product((0.0, 0.95), numbers):
        nulls = {"all equal": (0.0,) * number, "half equal": (0.0,) * (number - number // 2) + (9.0,) * (number // 2)}
        for name, means in nulls.items():
            jobs = [(Variants(means, share, correlation), each, repetitions) for each in seeds for share in shares]
            errors, kept = (list(_side_by_side(function, jobs)) for function in (pairs_error, best_is_kept))
            cells = [f"{100 * max(errors[: len(shares)]):.1f}", f"{100 * max(errors[len(shares) :]):.1f}"]
            cells += [f"{100 * min(kept[: len(shares)]):.1f}", f"{100 * min(kept[len(shares) :]):.1f}"]
            rows.append([str(number), name, f"{correlation:g}", *cells])
    header = ["variants", "means", "correlation", *(f"errs, {each} seeds" for each in seeds)]
    error = 100 * math.sqrt(0.05 * 0.95 / repetitions)
    return (
        markdown_table([*header, *(f"best kept, {each} seeds" for each in seeds)], rows)
        + f"\n\n{repetitions:,} comparisons each, at the worst of three shares of the seeds in the variance (10, 50 "
        f"and 90 %): the standard error of a figure is {error:.2f} points."
    )


def same_table(repetitions: int) -> str:
    """Tell how often a difference as large as the margin is taken for the same."""
    shares, seeds = (0.0, 0.1, 0.5, 0.9), (2, 4, 10)
    rows = []
    for each in seeds:
        found = _side_by_side(found_the_same, [(share, each, repetitions) for share in shares])
        rows.append([str(each), *(f"{100 * share:.1f}" for share in found)])
    return markdown_table(["seeds", *(f"seeds' share {100 * share:g} %" for share in shares)], rows) + _standard_error(
        repetitions
    )


def plan_table(repetitions: int) -> str:
    """Tell how often planned numbers of seeds show the gain, and how many pilots of four seeds lead to enough."""
    rows = []
    for share, comparisons in itertools.product((0.1, 0.5, 0.9), (1, 6)):
        planned, shown = planned_power(share, comparisons, 10 * repetitions)
        suffice = pilots_that_suffice(share, comparisons, repetitions)
        cells = [f"{100 * each:.1f}" for each in (planned, shown, suffice)]
        rows.append([f"{100 * share:g} %", str(comparisons), *cells])
    header = ["seeds' share", "comparisons", "planned power, %", "shown, %", "pilots that suffice, %"]
    return (
        markdown_table(header, rows)
        + f"\n\n{10 * repetitions:,} comparisons and {repetitions:,} pilots each: the standard errors of figures are "
        f"at most {100 * math.sqrt(0.8 * 0.2 / repetitions):.1f} points."
    )


def splits_table(repetitions: int) -> str:
    """Tell how often the interval contains the true gain over all splits, by the size of a split's effect."""
    effects, seeds = (0.0, 0.5, 1.0, 2.0), (4, 10)
    rows = []
    for name, per_seed in (("fixed", False), ("per_seed", True)):
        for each in seeds:
            found = _side_by_side(split_coverage, [(Splits(effect, per_seed), each, repetitions) for effect in effects])
            rows.append([f"`{name}`", str(each), *(f"{100 * share:.1f}" for share in found)])
    return markdown_table(
        ["split", "seeds", *(f"effect of a split {effect:g}" for effect in effects)], rows
    ) + _standard_error(repetitions)


def resampled_table(repetitions: int) -> str:
    """Tell how often intervals over redrawn test sets contain the gain on other samples of the same size."""
    jobs = [(Resampling(200, share), splits) for share in (0.1, 0.2) for splits in (4, 10)]
    found = _side_by_side(resampled_coverage, [(*job, repetitions) for job in jobs])
    rows = [
        [f"{100 * made.held_out:g} %", str(splits), *(f"{100 * share:.1f}" for share in next(found))]
        for made, splits in jobs
    ]
    return markdown_table(["test images", "splits", "corrected", "usual t interval"], rows) + _standard_error(
        repetitions, "samples of 200 images"
    )


def groups_table(repetitions: int) -> str:
    """Tell how often intervals over groups of images hold the truth, and how often no difference is taken for one."""
    rows = []
    for sizes, groups in itertools.product(("equal", "unequal", "few large"), (30, 100, 200)):
        made = GroupedImages(sizes, groups)
        held = _side_by_side(grouped_coverage, [(made, seeds, repetitions) for seeds in (4, 10)])
        error = next(_side_by_side(grouped_error, [(made, 4, repetitions)]))
        cells = [f"{100 * each.accuracy:.1f}, {100 * each.gain:.1f}" for each in held]
        rows.append([SIZES[sizes], str(groups), *cells, f"{100 * error:.1f}"])
    return markdown_table(
        ["images in a group", "groups", "4 seeds", "10 seeds", "errs, 4 seeds"], rows
    ) + _standard_error(repetitions, "test sets")


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


def convergence_table(repetitions: int) -> str:
    """Tell how often made-up trainings are said to improve still, by what share of their need they had."""
    rows = []
    for noise, (seeds, epochs) in itertools.product((0.005, 0.02), ((1, 5), (4, 5), (1, 100), (4, 100))):
        jobs = [(Curves(noise, 1 / share), seeds, epochs, repetitions) for share in SHARES]
        shares = [f"{100 * each:.0f}" for each in _side_by_side(said_to_improve, jobs)]
        rows.append([f"{100 * noise:g} %", str(seeds), str(epochs), *shares])
    header = ["noise", "seeds", "epochs", *(f"at {100 * share:g} %" for share in SHARES)]
    return markdown_table(header, rows) + f"\n\nIn per cent of {repetitions:,} variants each."


def stopped_table(repetitions: int) -> str:
    """Tell how often real trainings are said to improve still that are stopped early."""
    rows = []
    for name in TRAININGS:
        found = [stopped(name, share, 4, repetitions) for share in SHARES]
        rows.append([name, str(needed_epochs(name)), *("" if each is None else f"{100 * each:.0f}" for each in found)])
    header = ["trainings", "epochs needed", *(f"at {100 * share:g} %" for share in SHARES)]
    return markdown_table(header, rows) + f"\n\nIn per cent of {repetitions:,} draws of four seeds each."


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


def _standard_error(repetitions: int, what: str = "comparisons") -> str:
    """Return the line below a table of rates of about 5 or 95 %."""
    error = 100 * math.sqrt(0.05 * 0.95 / repetitions)
    return f"\n\n{repetitions:,} {what} each: the standard error of a figure is {error:.2f} points."


def _side_by_side(function: Callable[..., Any], arguments: list[tuple[Any, ...]]) -> Iterator[Any]:
    return iter(Parallel(n_jobs=-1)(delayed(function)(*each) for each in arguments))


def _coverage(made: Made, seeds: int, repetitions: int) -> float:
    rng, gain, held = np.random.default_rng(20), made.gain(), 0
    for _ in range(repetitions):
        interval = compare(*made.sample(rng, seeds, images=500))
        held += interval.low <= gain <= interval.high
    return held / repetitions


if __name__ == "__main__":
    main()
