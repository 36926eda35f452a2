"""The results of a revision: the scores of every training on every test image, and these images."""

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from hemline.comparison.evaluated import Evaluated
from hemline.comparison.groups import Groups
from hemline.comparison.metrics import Decision, ImageScores
from hemline.data.findings import Findings
from hemline.data.normalized import Labelled, Normalized
from hemline.data.pixels import Pixels
from hemline.data.scaling import to_raw
from hemline.jobs.trained import Trained

if TYPE_CHECKING:
    from fsspec import AbstractFileSystem

_ROWS = 4096


class Results(NamedTuple):
    """The results of a revision that are compared."""

    models: dict[str, dict[int, str]]  # the SHA-256 of each model, by variant and seed
    # by variant and seed, (images,): the scores of the test images by the deciding metric
    scores: dict[str, dict[int, ImageScores]]
    test: Labelled
    scale: float
    pixels: Pixels
    # int (images,), the group of each test image; None: images are independent
    groups: Groups | None = None


def read_results(decision: Decision, files: "AbstractFileSystem | None" = None) -> Results:
    """Read the results of the workspace, or of another revision through ``dvc.api.DVCFileSystem``.

    Args:
        decision: the deciding metric's.
        files: the other revision's files; None: the workspace.

    Raises:
        InputError: a file is missing or damaged, or files do not match.
    """
    normalized = Normalized(files=files)
    test, about = normalized.read("test"), normalized.about()
    runs = Evaluated(files=files).runs()
    models, scores = {}, {}
    for name, rows in runs.groupby("variant", sort=False):
        variant, seeds = str(name), [int(seed) for seed in rows["seed"]]
        shape = (len(seeds), len(test.labels), len(about.classes))
        probabilities = Trained(variant, files=files).probabilities("test", shape)
        models[variant] = dict(zip(seeds, rows["model_sha256"], strict=True))
        scores[variant] = dict(zip(seeds, decision.scores(probabilities, test.labels), strict=True))
    groups = Findings(files=files).groups(len(test.labels))
    return Results(models, scores, test, about.scale, about.pixels, groups)


def same_test_set(one: Results, other: Results) -> bool:
    """Return whether two revisions have the same labels and test images, pixel for pixel before scaling."""
    if one.pixels != other.pixels or one.test.images.shape != other.test.images.shape:
        return False
    if not np.array_equal(one.test.labels, other.test.labels):
        return False
    starts = range(0, len(one.test.labels), _ROWS)
    return all(np.array_equal(_raw(one, start), _raw(other, start)) for start in starts)


def _raw(results: Results, start: int) -> NDArray[np.generic]:
    raw: NDArray[np.generic] = results.test.images[start : start + _ROWS]
    # Old revisions have scaled pixels.
    return raw if raw.dtype == results.pixels.type else to_raw(raw, results.scale, results.pixels)
