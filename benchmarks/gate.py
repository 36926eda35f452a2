"""The rate at which the gate fails, by the loss of a variant, its seeds and the margin: the table of docs/GATE.md.

Reads:  benchmarks.recorded_trainings.npz
Writes: docs/GATE.md, between its marks
Run:    python -m benchmarks.gate [--repetitions 2000]
"""

import argparse
import gc
import itertools
import math
from collections.abc import Sequence
from pathlib import Path

from hemline.target import fix_target

fix_target()

import numpy as np  # noqa: E402 - after the target is fixed
from joblib import Parallel, delayed  # noqa: E402

from benchmarks.counts import count  # noqa: E402
from benchmarks.recorded_trainings import correct  # noqa: E402
from hemline.errors import one_line_errors  # noqa: E402
from hemline.gate.changes import compare_predictions, judge  # noqa: E402
from hemline.report.page import markdown_table  # noqa: E402
from hemline.report.readme import rewrite  # noqa: E402

DOCUMENT = Path("docs/GATE.md")
SEEDS = (2, 4, 10)
LOST = (0.0, 0.005, 0.01, 0.02)
MARGINS: tuple[float | None, ...] = (None, 0.005, 0.01, 0.02)


def main() -> None:
    """Simulate, and write the table."""
    parser = argparse.ArgumentParser(description="Simulate how often the gate fails, for docs/GATE.md.")
    parser.add_argument("--repetitions", type=count, default=2000)
    repetitions = parser.parse_args().repetitions
    with one_line_errors():
        rewrite(DOCUMENT, "failures", table(repetitions))


def table(repetitions: int) -> str:
    """Tell how often the gate fails."""
    jobs = list(itertools.product(LOST, SEEDS))
    found = Parallel(n_jobs=-1)(delayed(failures)(lost, seeds, MARGINS, repetitions) for lost, seeds in jobs)
    rows = [
        [f"{100 * lost:g}", str(seeds), *(f"{100 * share:.1f}" for share in shares)]
        for (lost, seeds), shares in zip(jobs, found, strict=True)
    ]
    headings = ["no margin" if margin is None else f"margin {100 * margin:g}" for margin in MARGINS]
    error = 100 * math.sqrt(0.25 / repetitions)
    return (
        markdown_table(["points lost", "seeds", *headings], rows)
        + f"\n\nPer cent of {repetitions:,} changes each, of one variant, on 10,000 test images: "
        f"the standard error of a figure is at most {error:.1f} points."
    )


def failures(lost: float, seeds: int, margins: Sequence[float | None], repetitions: int) -> list[float]:
    """Return how often the gate fails with each margin, if a share of the test images is lost.

    Of forty real trainings of dense-128, some are those of one revision and some those of the other, as if with the
    same seeds. From the latter, what is lost is taken: images that are right become wrong, the same ones for all.
    """
    gc.freeze()  # statsmodels' correction collects garbage at every call, which takes ten times as long as all the rest
    rng, trainings, failed = np.random.default_rng(31), correct("dense-128"), np.zeros(len(margins))
    share = lost / trainings.mean()
    for _ in range(repetitions):
        chosen = trainings[rng.permutation(len(trainings))[: 2 * seeds]]
        kept = rng.random(trainings.shape[1]) >= share
        old, new = chosen[:seeds], chosen[seeds:] & kept
        change = compare_predictions("dense-128", dict(enumerate(old)), dict(enumerate(new)))
        failed += [judge([change], margin)[0].fails for margin in margins]
    return [float(each) for each in failed / repetitions]


if __name__ == "__main__":
    main()
