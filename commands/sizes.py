"""Train the variants to convergence on more and more training images, and find the size from which each is better.

Reads:  params.yaml, data/<dataset>.yaml and the data
Writes: DVC experiments sizes-<dataset>-<size>-<round>, with their MLflow runs; reports/sizes.csv, .html and .png
Run:    hemline sizes [--variants dense-128,linear]
"""

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from commands.queue import checked
from hemline.comparison.convergence import still_improves
from hemline.comparison.enough import ENOUGH_SEEDS
from hemline.comparison.metrics import decision_of, find_metric
from hemline.data.description import load_dataset
from hemline.data.findings import Findings
from hemline.data.normalized import Normalized
from hemline.errors import InputError
from hemline.experiments.declared import run_all
from hemline.families.registry import family_of
from hemline.jobs.trained import Trained
from hemline.params import Params, load_params, parse_params
from hemline.report.sizes import Measured, Sized, write
from hemline.terminal.arguments import option

# Trainings that still improve are repeated with twice the epochs, at most so many times.
_DOUBLINGS = 6


class _Run(NamedTuple):
    """An experiment that has ended: its revision, and the variants that still improved."""

    revision: str
    values: dict[str, Any]
    improves: list[str]


@option("--variants", help="which to train besides the baseline, separated by commas; default: all")
def main(variants: str | None = None) -> None:
    """Run the missing experiments, compare the variants at each size, and write the page."""
    params = _with_variants(load_params(), variants)
    sizes = numbers(params)
    runs = _trained(params, sizes)
    measured = {size: _measured(run) for size, run in runs.items()}
    print(write(params, measured))


def numbers(params: Params) -> list[int]:
    """Return the numbers of training images, ascending.

    Raises:
        InputError: a number is larger than the data set, or there are too few numbers, variants or seeds.
    """
    most = load_dataset(params.dataset).training_images
    found = sorted(most if size == "all" else size for size in params.sizes)
    if found[-1] > most:
        rule = f"must be at most {most}, the training images of {params.dataset}, or `all`"
        raise InputError(f"params.yaml: sizes: {rule}, got {found[-1]}")
    if len(set(found)) < max(len(found), 2):
        raise InputError(f"params.yaml: sizes: must be two or more different numbers, got {found}")
    if len(params.seeds) < ENOUGH_SEEDS:
        rule = f"must be {ENOUGH_SEEDS} or more, because each draws its own training images"
        raise InputError(f"params.yaml: seeds: {rule}, got {len(params.seeds)}")
    if params.tuning.trials:
        rule = "must be 0: each seed has its own training images, so there is no search that all of them share"
        raise InputError(f"params.yaml: tuning.trials: {rule}, got {params.tuning.trials}")
    if len(params.variants) == 1:
        raise InputError("variants: must be two or more to be compared, got one")
    return found


def experiment(params: Params, size: int, epochs: Mapping[str, int]) -> dict[str, Any]:
    """Return what params.yaml holds in the experiment with this number of images.

    Args:
        params: of the workspace.
        size: the number of images for training and validation that each seed draws.
        epochs: by variant, where it has any.
    """
    values = params.model_dump(exclude_unset=True, exclude={"cluster", "sizes"})
    drawn = {"train_images": size, "split": "per_seed", "train_share": 1.0}
    variants = {
        name: own | ({"epochs": epochs[name]} if name in epochs else {}) for name, own in values["variants"].items()
    }
    return values | {"normalize": values.get("normalize", {}) | drawn, "variants": variants}


def first_epochs(params: Params, size: int, most: int) -> dict[str, int]:
    """Return by variant the epochs of the first round: those of params.yaml, and more for fewer images.

    A training converges after fewer updates on fewer images, but after more epochs.
    """
    factor = 2 ** math.floor(math.log2(math.sqrt(most / size)))
    settings = {name: params.training(name) for name in params.variants}
    known = {name: own for name, own in settings.items() if family_of(own).has_epochs(own)}
    return {name: factor * family_of(own).epochs(own) for name, own in known.items()}


def _with_variants(params: Params, named: str | None) -> Params:
    """Return the parameters with the baseline and the named variants only."""
    if named is None:
        return params
    asked = named.split(",")
    if unknown := next((name for name in asked if name not in params.variants), None):
        raise InputError(f"VARIANTS: must be some of {','.join(params.variants)}, got {unknown!r}")
    values = params.model_dump(exclude_unset=True)
    kept = {name: own for name, own in values["variants"].items() if name in {params.baseline, *asked}}
    return parse_params(values | {"variants": kept}, Path("params.yaml"))


def _trained(params: Params, sizes: Sequence[int]) -> dict[int, _Run]:
    """Return the last experiment of each size: the first whose trainings do not improve any more."""
    epochs = {size: first_epochs(params, size, sizes[-1]) for size in sizes}
    runs: dict[int, _Run] = {}
    unfinished, number = list(sizes), 1
    while unfinished:
        declared = {
            f"sizes-{params.dataset}-{size}-{number}": experiment(params, size, epochs[size]) for size in unfinished
        }
        for values in declared.values():
            checked(values)
        revisions = run_all(declared)
        for size, (name, values) in zip(list(unfinished), declared.items(), strict=True):
            improves = _improving(revisions[name], params, values, list(epochs[size]))
            runs[size] = _Run(revisions[name], values, improves)
            epochs[size] |= {name: 2 * epochs[size][name] for name in improves}
            if not improves or number > _DOUBLINGS:
                unfinished.remove(size)
        number += 1
    return dict(sorted(runs.items()))


def _improving(revision: str, params: Params, values: dict[str, Any], variants: Sequence[str]) -> list[str]:
    """Return the variants whose validation loss still fell at the end of an experiment."""
    files, own = _files(revision), parse_params(values, Path("params.yaml"))
    images = values["normalize"]["train_images"] * (1 - params.normalize.validation_split)
    return [
        name
        for name in variants
        if still_improves(
            Trained(name, files=files).history(), math.ceil(images / getattr(own.training(name), "batch_size", images))
        )
    ]


def _measured(run: _Run) -> Measured:
    """Read the scores of an experiment's trainings on the test images."""
    files, params = _files(run.revision), parse_params(run.values, Path("params.yaml"))
    labels, decision = Normalized(files=files).labels("test"), decision_of(find_metric(params.metric))
    variants = {
        name: Sized(
            params.epochs_of(name) if family_of(own).has_epochs(params.training(name)) else 0,
            name in run.improves,
            decision.scores(Trained(name, files=files).probabilities("test"), labels),
        )
        for name, own in params.variants.items()
    }
    groups = Findings(files=files).groups(len(labels))
    return Measured(variants, labels, groups)


def _files(revision: str) -> Any:
    from dvc.api import DVCFileSystem  # noqa: PLC0415 - takes a second

    return DVCFileSystem(".", rev=revision)
