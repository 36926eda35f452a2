"""Coverage of the intervals, error rates of the verdicts and of the gate: tables of docs/STATISTICS.md and GATE.md.

Reads:  benchmarks/forty_trainings.npz, benchmarks/stopped_trainings.npz
Writes: docs/STATISTICS.md, docs/GATE.md, between their marks
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

from benchmarks import simulated_classes, simulated_groups, simulated_pairs  # noqa: E402
from benchmarks import simulated_splits as splits  # noqa: E402
from benchmarks import simulated_trainings as trainings  # noqa: E402
from benchmarks.counts import count  # noqa: E402
from benchmarks.few_seeds import LEVELS, t_half_width, worst_error  # noqa: E402
from benchmarks.recorded_trainings import STOPPED, correct, needed_epochs  # noqa: E402
from benchmarks.simulated_convergence import SHARES, Curves, said_to_improve, stopped  # noqa: E402
from benchmarks.simulated_groups import SIZES, GroupedImages  # noqa: E402
from hemline.comparison.crossed import Crossed  # noqa: E402
from hemline.errors import one_line_errors  # noqa: E402
from hemline.report.page import markdown_table  # noqa: E402
from hemline.report.readme import rewrite  # noqa: E402

DOCUMENT, GATE = Path("docs/STATISTICS.md"), Path("docs/GATE.md")
SEEDS = (2, 3, 4, 10, 20)


def main() -> None:
    """Simulate, and write the tables."""
    parser = argparse.ArgumentParser(
        description="Simulate what the statistics hold, for docs/STATISTICS.md and GATE.md."
    )
    parser.add_argument("--repetitions", type=count, default=10_000)
    parser.add_argument("--only", default="", help="tables, by the names of their marks, with commas; otherwise all")
    options = parser.parse_args()
    with one_line_errors():
        write_tables(options.repetitions, options.only.split(",") if options.only else [])


def write_tables(repetitions: int, only: Sequence[str] = ()) -> None:
    """Write the tables into their places in the documents.

    Args:
        repetitions: of most simulations; of those that take longer, a share of it.
        only: the names of the tables; none: all.

    Raises:
        InputError: a file is missing, or a document lacks a mark.
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
        "failures": partial(failures_table, max(repetitions // 5, 1)),
    }
    for name in only or tables:
        rewrite(GATE if name == "failures" else DOCUMENT, name, tables[name]())


def coverage_table(repetitions: int) -> str:
    """Tell how often the interval holds the true gain, by made-up trainings and number of seeds."""
    jobs = {name: [(made, seeds, repetitions) for seeds in SEEDS] for name, made in trainings.MADE.items()}
    rows = [[name, *_percent(held)] for name, held in _side_by_side(trainings.coverage, jobs)]
    return _rates(["trainings", *_seeds(SEEDS)], rows, repetitions)


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
    jobs = {name: [(name, each, repetitions) for each in seeds] for name in ("linear", "dense-128")}
    rows = [[name, *_percent(errors)] for name, errors in _side_by_side(trainings.family_wise_error, jobs)]
    groups = ["groups", *(str(min(40 // each, 6)) for each in seeds)]
    return _rates(["trainings", *_seeds(seeds)], [*rows, groups], repetitions)


def many_table(repetitions: int) -> str:
    """Tell how often a comparison of many made-up variants that do not differ finds a difference."""
    seeds, null = (4, 5, 6, 10), trainings.NULLS["seeds and images weigh the same"]
    jobs = {variants: [(null, each, variants, repetitions) for each in seeds] for variants in (5, 15, 39)}
    rows = [[str(variants), *_percent(row)] for variants, row in _side_by_side(trainings.many_variants_error, jobs)]
    return _rates(["variants", *_seeds(seeds)], rows, repetitions)


def pairs_table(repetitions: int) -> str:
    """Tell how often a comparison of all pairs errs, and how often the best variant is kept among the possible ones."""
    numbers, shares, seeds = (3, 6, 10), (0.1, 0.5, 0.9), (4, 10)
    rows = []
    for correlation, number in itertools.product((0.0, 0.95), numbers):
        nulls = {"all equal": (0.0,) * number, "half equal": (0.0,) * (number - number // 2) + (9.0,) * (number // 2)}
        for name, means in nulls.items():
            made = [simulated_pairs.Variants(means, share, correlation) for share in shares]
            jobs = {each: [(variants, each, repetitions) for variants in made] for each in seeds}
            errors = [max(row) for _, row in _side_by_side(simulated_pairs.family_wise_error, jobs)]
            kept = [min(row) for _, row in _side_by_side(simulated_pairs.best_is_kept, jobs)]
            rows.append([str(number), name, f"{correlation:g}", *_percent([*errors, *kept])])
    header = ["variants", "means", "correlation", *(f"errs, {each} seeds" for each in seeds)]
    what = "comparisons each, at the worst of three shares of the seeds in the variance (10, 50 and 90 %)"
    return _rates([*header, *(f"best kept, {each} seeds" for each in seeds)], rows, repetitions, what)


def same_table(repetitions: int) -> str:
    """Tell how often a difference as large as the margin is taken for the same."""
    shares = (0.0, 0.1, 0.5, 0.9)
    jobs = {seeds: [(share, seeds, repetitions) for share in shares] for seeds in (2, 4, 10)}
    rows = [[str(seeds), *_percent(row)] for seeds, row in _side_by_side(simulated_pairs.found_the_same, jobs)]
    return _rates(["seeds", *(f"seeds' share {100 * share:g} %" for share in shares)], rows, repetitions)


def plan_table(repetitions: int) -> str:
    """Tell how often planned numbers of seeds show the gain, and how many pilots of four seeds lead to enough."""
    rows = []
    for share, comparisons in itertools.product((0.1, 0.5, 0.9), (1, 6)):
        planned, shown = simulated_pairs.planned_power(share, comparisons, 10 * repetitions)
        suffice = simulated_pairs.pilots_that_suffice(share, comparisons, repetitions)
        rows.append([f"{100 * share:g} %", str(comparisons), *_percent([planned, shown, suffice])])
    header = ["seeds' share", "comparisons", "planned power, %", "shown, %", "pilots that suffice, %"]
    return (
        markdown_table(header, rows)
        + f"\n\n{10 * repetitions:,} comparisons and {repetitions:,} pilots each: the standard errors of figures are "
        f"at most {100 * math.sqrt(0.8 * 0.2 / repetitions):.1f} points."
    )


def splits_table(repetitions: int) -> str:
    """Tell how often the interval contains the true gain over all splits, by the size of a split's effect."""
    effects = (0.0, 0.5, 1.0, 2.0)
    jobs = {
        (name, str(seeds)): [(splits.Splits(effect, name == "`per_seed`"), seeds, repetitions) for effect in effects]
        for name, seeds in itertools.product(("`fixed`", "`per_seed`"), (4, 10))
    }
    rows = [[*split, *_percent(held)] for split, held in _side_by_side(splits.coverage, jobs)]
    return _rates(["split", "seeds", *(f"effect of a split {effect:g}" for effect in effects)], rows, repetitions)


def resampled_table(repetitions: int) -> str:
    """Tell how often intervals over redrawn test sets contain the gain on other samples of the same size."""
    jobs = {
        (f"{100 * share:g} %", str(number)): [(splits.Resampling(200, share), number, repetitions)]
        for share, number in itertools.product((0.1, 0.2), (4, 10))
    }
    rows = [[*line, *_percent(held)] for line, (held,) in _side_by_side(splits.resampled_coverage, jobs)]
    header = ["test images", "splits", "corrected", "usual t interval"]
    return _rates(header, rows, repetitions, "samples of 200 images each")


def groups_table(repetitions: int) -> str:
    """Tell how often intervals over groups of images hold the truth, and how often no difference is taken for one."""
    made = {
        (SIZES[sizes], str(groups)): GroupedImages(sizes, groups)
        for sizes, groups in itertools.product(SIZES, (30, 100, 200))
    }
    coverages = {name: [(each, seeds, repetitions) for seeds in (4, 10)] for name, each in made.items()}
    nulls = {name: [(each, 4, repetitions)] for name, each in made.items()}
    errors = dict(_side_by_side(simulated_groups.family_wise_error, nulls))
    rows = [
        [*name, *(", ".join(_percent(each)) for each in held), *_percent(errors[name])]
        for name, held in _side_by_side(simulated_groups.coverage, coverages)
    ]
    header = ["images in a group", "groups", "4 seeds", "10 seeds", "errs, 4 seeds"]
    return _rates(header, rows, repetitions, "test sets each")


def power_table(repetitions: int) -> str:
    """Tell how often half a point over a steady baseline is found."""
    jobs = {"found, %": [(trainings.STEADY, seeds, repetitions) for seeds in SEEDS]}
    rows = [[name, *_percent(found)] for name, found in _side_by_side(trainings.power, jobs)]
    error = 100 * math.sqrt(0.25 / repetitions)
    return (
        markdown_table(["half a point", *_seeds(SEEDS)], rows)
        + f"\n\n{repetitions:,} comparisons each: the standard error of a figure is at most {error:.1f} points."
    )


def classes_table(repetitions: int) -> str:
    """Tell how often the intervals of balanced accuracy and macro F1 hold the true figure."""
    seeds, classes = (2, 4, 10), simulated_classes.CLASSES
    jobs = {name: [(made, number, repetitions) for number in seeds] for name, made in classes.items()}
    found = _side_by_side(simulated_classes.coverage, jobs)
    rows = [[name, *(", ".join(_percent(held)) for held in row)] for name, row in found]
    return _rates(["test images", *_seeds(seeds)], rows, repetitions, "test sets each", digits=1)


def convergence_table(repetitions: int) -> str:
    """Tell how often made-up trainings are said to improve still, by what share of their need they had."""
    jobs = {
        (f"{100 * noise:g} %", str(seeds), str(epochs)): [
            (Curves(noise, 1 / share), seeds, epochs, repetitions) for share in SHARES
        ]
        for noise, epochs, seeds in itertools.product((0.005, 0.02), (5, 100), (1, 4))
    }
    rows = [[*line, *_percent(found, digits=0)] for line, found in _side_by_side(said_to_improve, jobs)]
    header = ["noise", "seeds", "epochs", *(f"at {100 * share:g} %" for share in SHARES)]
    return markdown_table(header, rows) + f"\n\nIn per cent of {repetitions:,} variants each."


def stopped_table(repetitions: int) -> str:
    """Tell how often real trainings are said to improve still that are stopped early."""
    rows = []
    for name in STOPPED:
        found = [stopped(name, share, 4, repetitions) for share in SHARES]
        rows.append([name, str(needed_epochs(name)), *("" if each is None else f"{100 * each:.0f}" for each in found)])
    header = ["trainings", "epochs needed", *(f"at {100 * share:g} %" for share in SHARES)]
    return markdown_table(header, rows) + f"\n\nIn per cent of {repetitions:,} draws of four seeds each."


def failures_table(repetitions: int) -> str:
    """Tell how often the gate fails, by the loss of a variant, its seeds and the margin."""
    margins = (None, 0.005, 0.01, 0.02)
    jobs = {
        (f"{100 * lost:g}", str(seeds)): [(lost, seeds, margins, repetitions)]
        for lost, seeds in itertools.product((0.0, 0.005, 0.01, 0.02), (2, 4, 10))
    }
    rows = [[*line, *_percent(failed)] for line, (failed,) in _side_by_side(trainings.gate_failures, jobs)]
    headings = ["no margin" if margin is None else f"margin {100 * margin:g}" for margin in margins]
    error = 100 * math.sqrt(0.25 / repetitions)
    return (
        markdown_table(["points lost", "seeds", *headings], rows)
        + f"\n\nPer cent of {repetitions:,} changes each, of one variant, on 10,000 test images: "
        f"the standard error of a figure is at most {error:.1f} points."
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


def _rates(
    header: list[str], rows: list[list[str]], repetitions: int, what: str = "comparisons each", digits: int = 2
) -> str:
    """Return a table of rates of about 5 or 95 %, and the line below it, of so many repetitions of what."""
    error = 100 * math.sqrt(0.05 * 0.95 / repetitions)
    below = f"{repetitions:,} {what}: the standard error of a figure is {error:.{digits}f} points."
    return f"{markdown_table(header, rows)}\n\n{below}"


def _seeds(numbers: Sequence[int]) -> list[str]:
    return [f"{each} seeds" for each in numbers]


def _percent(shares: Sequence[float], digits: int = 1) -> list[str]:
    return [f"{100 * share:.{digits}f}" for share in shares]


def _side_by_side(
    function: Callable[..., Any], jobs: dict[Any, list[tuple[Any, ...]]]
) -> Iterator[tuple[Any, list[Any]]]:
    """Yield of each row of arguments its name, and what the function returns for them."""
    found = iter(Parallel(n_jobs=-1)(delayed(function)(*each) for row in jobs.values() for each in row))
    return ((name, [next(found) for _ in row]) for name, row in jobs.items())


if __name__ == "__main__":
    main()
