"""Solve the linear model beside a baseline that is one, but trained, where no variant is its solution.

A network that beats a trained linear model may merely beat its training.

Reads:  .inputs/_solve.json, whether that is so; .inputs/_splits.json, which seeds have splits; data/normalized/
        (train, validation; of test, the images only)
Writes: models/_solved/, the probabilities of the test images, or nothing
Run:    python -m stages.solve
"""

import json

import numpy as np
from numpy.typing import NDArray

from hemline.data.normalized import Normalized
from hemline.dependencies.running import check_code_unchanged
from hemline.errors import one_line_errors
from hemline.jobs.solved import Solved
from hemline.params import SOLVE, SPLITS
from hemline.processes.durations import timed
from hemline.processes.leftovers import keep_temporary_files_apart
from hemline.solver.images import Images
from hemline.solver.objective import probabilities
from hemline.solver.path import solve_path
from hemline.terminal.arguments import parser


def main() -> None:
    """Solve, or write that there was nothing to solve."""
    with one_line_errors(), timed():
        keep_temporary_files_apart()
        solved = _solutions() if json.loads(SOLVE.read_text()) else None
        check_code_unchanged()
        Solved().write(solved)


def _solutions() -> NDArray[np.float32]:
    """Return the probabilities of the test images, (seeds, images, classes) where each seed has its own split."""
    normalized = Normalized()
    if not normalized.per_seed:
        return solve(normalized)
    return np.stack([solve(normalized.of_seed(seed)) for seed in json.loads(SPLITS.read_text())])


def solve(normalized: Normalized) -> NDArray[np.float32]:
    """Solve multinomial logistic regression, of the strength that has the lowest validation loss.

    Returns:
        The probabilities of the test images, float32 (images, classes).

    Raises:
        InputError: the data is missing or damaged, or the training images are of a single class.
    """
    train, images, n_classes = normalized.read("train"), normalized.images("test"), len(normalized.about().classes)
    chosen = solve_path(train, normalized.read("validation"), n_classes, scale=train.scale).chosen
    print(f"The linear model, solved: C = {chosen.strength:g}, validation loss {chosen.validation_loss}", flush=True)
    test = Images(images, np.zeros(len(images), np.int64), train.scale, lambda: None)
    return probabilities(test, chosen.weights, chosen.intercepts)


if __name__ == "__main__":
    parser(__doc__, "python -m stages.solve").parse_args()
    main()
