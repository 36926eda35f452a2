"""Split a validation set off the training set; a test set, too, where none is given. Pixels stay as they came.

Reads:  params.yaml (dataset, normalize), .inputs/_splits.json, data/<dataset>.yaml, data/raw/
Writes: data/normalized/, images and labels of train, validation and test as .npy, or of pool and test, and which of
        the pool are the validation and training set of each seed; data/findings/
Run:    python -m stages.normalize
"""

import json
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hemline.data.description import CollectedDataset, Dataset, Part, load_dataset
from hemline.data.duplicates import find_duplicates, group_images
from hemline.data.findings import Findings, class_warnings, constant_warning, duplicates_warning, scale_warning
from hemline.data.levels import count_levels, most_pixels
from hemline.data.normalized import POOL, About, Normalized
from hemline.data.splits import Chosen, choose, choose_per_seed
from hemline.errors import one_line_errors
from hemline.formats.raw import Joined, Raw, redrawn
from hemline.params import SPLITS, Params, check_unchanged, load_params
from hemline.processes.durations import timed
from hemline.processes.leftovers import keep_temporary_files_apart
from hemline.terminal.arguments import parser
from hemline.terminal.bar import bar

# The number of training images from which the range of most pixels is estimated.
_LOOKED_AT = 1000


def main() -> None:
    """Turn data/raw into data/normalized."""
    with one_line_errors(), timed():
        keep_temporary_files_apart()
        params = load_params()
        dataset, divisor = load_dataset(params.dataset), params.normalize.scale
        known = normalize(params, dataset)
        sets = Normalized().sets
        for name in sets:
            print(f"{name}: {len(Normalized().labels(name))} images; pixels will be divided by {divisor:g}")
        found = warnings(Normalized(), dataset, divisor)
        duplicates = find_duplicates(*(Normalized().read(name) for name in sorted(sets, key="test".__ne__)))
        check_unchanged(params)
        groups = {
            name: group_images(Normalized().images(name), known[name]) for name in sets if name not in {"train", POOL}
        }
        Findings().write(found, duplicates, groups)
        # The report lists duplicates itself, where it has the accuracies without them.
        for sentence in filter(None, [*found, duplicates_warning(duplicates)]):
            print(f"warning: {sentence}")


def normalize(params: Params, dataset: Dataset) -> dict[str, NDArray[np.integer[Any]] | None]:
    """Write the sets; no more than a batch of images is in memory.

    Returns:
        By the name of each set the group of each image, as the data set has them; None where it has none.
    """
    settings = params.normalize
    raw, chosen, splits = _chosen(Raw(dataset), params, dataset)
    labels = {part: each.codes for part, each in raw.parts.items()}
    about = About(classes=dataset.classes, scale=settings.scale, pixels=dataset.pixels)
    with bar("normalize", sum(map(len, labels.values())), "images") as advance:

        def batches(part: Part) -> Iterator[NDArray[Any]]:
            for batch in raw.batches(part):
                yield batch
                advance(len(batch))

        Normalized().write(chosen, labels, batches, dataset.image_shape, about, splits=splits)
    known = {name: raw.parts[each.part].groups for name, each in chosen.items()}
    return {name: None if groups is None else groups[chosen[name].indices] for name, groups in known.items()}


def _chosen(
    given: Raw, params: Params, dataset: Dataset
) -> tuple[Raw | Joined, dict[str, Chosen], dict[str, dict[int, NDArray[np.intp]]] | None]:
    """Return the images, the sets, and if each seed has its own, the places of its images in the pool by set."""
    settings, split = params.normalize, dataset.split if isinstance(dataset, CollectedDataset) else None
    raw: Raw | Joined = given
    if settings.redraw:
        raw, split = redrawn(given, dataset, settings.redraw)
    shares = {"validation_split": settings.validation_split, "train_share": settings.train_share}
    if settings.split == "fixed":
        return raw, choose(raw.parts, split=split, **shares), None
    seeds = json.loads(SPLITS.read_text())
    found = choose_per_seed(raw.parts, seeds, split=split, train_images=settings.train_images, **shares)
    return raw, {POOL: found.pool, "test": found.test}, {"validation": found.validation, "train": found.train}


def warnings(sets: Normalized, dataset: Dataset, divisor: float) -> list[str]:
    """Return reasons to distrust results from these sets."""
    constant = {name: sets.constant_images(name) for name in sets.sets}
    images = sets.images(sets.sets[0])
    most = most_pixels(count_levels(images[:: 1 + len(images) // _LOOKED_AT]))
    found = [scale_warning(dataset.pixels, divisor, most), constant_warning(constant)]
    labels = {"train": sets.labels(sets.sets[0]), "test": sets.labels("test")}
    return [sentence for sentence in [*found, *class_warnings(labels, dataset.classes)] if sentence]


if __name__ == "__main__":
    parser(__doc__, "python -m stages.normalize").parse_args()
    main()
