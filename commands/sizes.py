"""Train the variants on more and more images, and estimate the number that each needs to beat the baseline.

Reads:  params.yaml, data/<dataset>.yaml and the data
Writes: DVC experiments sizes-<dataset>-<size>-<round>, with their MLflow runs; reports/sizes.csv, .html and .png
Run:    hemline sizes [--variants dense-128,linear]
"""

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from commands.queue import checked
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

# How often the epochs are doubled at most, and the part of a training that has ended when its last part begins.
_DOUBLINGS, _PART = 6, 0.8


class _Ended(NamedTuple):
    """Trainings of a variant that have ended: their experiment's revision, epochs (0: none), and validation loss."""

    revision: str
    epochs: int
    loss: float
    improves: bool = False  # whether twice as many epochs have not been tried


@option("--variants", help="variants to train besides the baseline, separated by commas; default: all")
def main(variants: str | None = None) -> None:
    """Run the missing experiments, compare the variants at each size, and write the page."""
    params = with_variants(load_params(), variants)
    sizes = numbers(params)
    print(write(params, {size: _measured(params, best) for size, best in _trained(params, sizes).items()}))


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


def with_variants(params: Params, named: str | None) -> Params:
    """Return the parameters with the baseline and the named variants only.

    Raises:
        InputError: there is no such variant.
    """
    if named is None:
        return params
    asked = [name.strip() for name in named.split(",")]
    if unknown := next((name for name in asked if name not in params.variants), None):
        raise InputError(f"VARIANTS: must be some of {','.join(params.variants)}, got {unknown!r}")
    values = params.model_dump(exclude_unset=True)
    kept = {name: own for name, own in values["variants"].items() if name in {params.baseline, *asked}}
    tuning = values.get("tuning", {})
    spaces = {name: own for name, own in tuning.get("spaces", {}).items() if name in kept}
    return parse_params(values | {"variants": kept, "tuning": tuning | {"spaces": spaces}}, Path("params.yaml"))


def _trained(params: Params, sizes: Sequence[int]) -> dict[int, dict[str, _Ended]]:
    """Return by size and variant the trainings with the lowest validation loss, of 1, 2, 4, ... times the epochs.

    A variant is trained with twice the epochs as long as that lowers the loss. The rule that `evaluate` has for single
    trainings sees too little in a few noisy epochs.
    """
    epochs = {size: first_epochs(params, size, sizes[-1]) for size in sizes}
    best: dict[int, dict[str, _Ended]] = {size: {} for size in sizes}
    longer = {size: list(params.variants) for size in sizes}
    for number in range(1, _DOUBLINGS + 2):
        declared = {size: experiment(params, size, epochs[size]) for size, variants in longer.items() if variants}
        if not declared:
            break
        for values in declared.values():
            checked(values)
        names = {size: f"sizes-{params.dataset}-{size}-{number}" for size in declared}
        revisions = run_all({names[size]: values for size, values in declared.items()})
        for size in declared:
            own, revision = epochs[size], revisions[names[size]]
            ended = {name: _Ended(revision, own.get(name, 0), _loss(revision, name)) for name in longer[size]}
            better = {name: each for name, each in ended.items() if not best[size].get(name, each).loss < each.loss}
            best[size] |= better
            longer[size] = [name for name in better if name in own]
            epochs[size] = own | {name: 2 * own[name] for name in longer[size]}
    for size, variants in longer.items():
        best[size] |= {name: best[size][name]._replace(improves=True) for name in variants}
    return best


def _loss(revision: str, variant: str) -> float:
    """Return the mean validation loss over the seeds and the last fifth of their epochs."""
    history = Trained(variant, files=files_of(revision)).history()
    last = history[history.groupby("seed")["epoch"].transform("max") * _PART < history["epoch"]]
    return float(last.groupby("seed")["val_loss"].mean().mean())


def _measured(params: Params, best: Mapping[str, _Ended]) -> Measured:
    """Read the scores of the trainings on the test images, which are the same in all experiments."""
    files = files_of(best[params.baseline].revision)
    labels, decision = Normalized(files=files).labels("test"), decision_of(find_metric(params.metric))
    variants = {
        name: Sized(
            each.epochs,
            each.improves,
            decision.scores(Trained(name, files=files_of(each.revision)).probabilities("test"), labels),
        )
        for name, each in best.items()
    }
    return Measured(variants, labels, Findings(files=files).groups(len(labels)))


def files_of(revision: str) -> Any:
    """Return the files of a revision, those that DVC tracks as well."""
    from dvc.api import DVCFileSystem  # noqa: PLC0415 - takes a second

    return DVCFileSystem(".", rev=revision)
