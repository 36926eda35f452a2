"""The models of ``params.yaml``, and the one place that validates it.

``load_params()`` reads the file; ``Params.training(name)`` gives a variant's settings with the top-level ones filled
in. A broken rule raises ``InputError`` with one line: the key, the rule, the value received.

A new training key is one line in its family's settings, with a default that changes no result.
"""

import json
import re
from collections import Counter
from itertools import count, islice
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BeforeValidator, Field, PrivateAttr, StringConstraints, model_validator

from hemline.dependencies.running import check_code_unchanged
from hemline.errors import InputError
from hemline.families.family import FamilySettings
from hemline.families.hyperparameters import Hyperparameters, Share
from hemline.families.registry import AnySettings, advice, family_of
from hemline.families.space import Space
from hemline.schema import Count, Name, StrictModel, parse, read_yaml


def _check_cluster(cluster: str) -> str:
    if not re.fullmatch(r"(tcp|tls|ucx|ws|wss)://[^\s/]+:\d+|[^\s:]+\.json", cluster):
        raise ValueError("must be a scheduler's address, such as tcp://host:8786, its file, such as x.json, or null")
    return cluster


def _check_size(size: Any) -> Any:
    if size != "all" and (isinstance(size, bool) or not isinstance(size, int) or size < 1):
        raise ValueError("must be a number of images, 1 or more, or `all`")
    return size


# The largest pixel is 255; far beyond these, float32 turns all pixels into 0, or into infinity.
Scale = Annotated[float, Field(ge=0.001, le=1_000_000)]
Seed = Annotated[int, Field(ge=0, lt=2**32)]
# The address of a scheduler, or the file that it wrote.
Cluster = Annotated[str, AfterValidator(_check_cluster)]

# Where the stage `check` writes what determines other stages; no variant's name begins with an underscore.
INPUTS = Path(".inputs")
SOLVE, SPLITS = INPUTS / "_solve.json", INPUTS / "_splits.json"
# Where the stage `tune` writes which settings a search has chosen, by variant.
TUNED = Path("models/_tuned")
CHOSEN = "chosen.json"

# What a network takes from the data, so that no setting can contradict it: the rule for whoever tries.
DERIVED = {
    "flatten": "is no setting: every image is flattened to one row of numbers before the first dense layer, because "
    "a dense layer would answer for each row of pixels by itself; remove it",
    "outputs": "is no setting: a network has one output for each class in data/<dataset>.yaml, because every label "
    "needs an output of its own; remove it",
    "resample": "is no setting of a single run: `make resample K=10` compares the variants on ten redrawn test sets; "
    "remove it",
}


class Normalize(StrictModel):
    """The split of the images, and the scale of pixels."""

    scale: Scale = 255
    validation_split: Share = 0.1
    train_share: Annotated[float, Field(gt=0, le=1)] = 1.0
    train_images: Count | None = None  # drawn by each seed
    split: Literal["fixed", "per_seed"] = "fixed"
    redraw: Seed = 0  # 0: the test set as it is given


class Tuning(StrictModel):
    """The search of settings, of every variant with as many trials."""

    trials: Annotated[int, Field(ge=0, le=10_000)] = 0
    seed: Seed = 0
    sampler: Literal["random", "quasi-random"] = "random"
    # What all variants have equally: `trials`, or as much as this number of trainings of the costliest takes.
    budget: Literal["trials", "updates", "seconds"] = "trials"
    halving: bool = False  # end the trials that are worse after a ninth, and after a third, of their epochs
    repeats: Annotated[int, Field(ge=1, le=100)] = 1  # searches of each variant
    # Values by setting: in place of those that families declare, and further ones of single variants.
    space: Space = Field(default_factory=dict)
    spaces: dict[Name, Space] = Field(default_factory=dict)


class Params(Hyperparameters):
    """The whole of ``params.yaml``."""

    dataset: Name
    normalize: Normalize = Normalize()
    record_test: bool = False
    cluster: Cluster | None = None
    seeds: Annotated[list[Seed], Field(min_length=1)]
    # The numbers of training images of `make sizes`.
    sizes: list[Annotated[int | Literal["all"], BeforeValidator(_check_size)]] = Field(
        default=[1000, 3000, 10000, 30000, "all"]
    )
    # Which there are, `hemline/comparison/metrics.py` knows, and `check` asks it.
    metric: Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*$", max_length=64)] = "accuracy"
    # The largest difference that does not matter, as it is printed: in percentage points for shares.
    equivalence_margin: Annotated[float, Field(gt=0, le=100)] | None = None
    tuning: Tuning = Tuning()
    baseline: Name
    variants: Annotated[dict[Name, AnySettings], Field(min_length=1)]

    # By variant, the settings that its searches have chosen.
    _chosen: dict[str, list[dict[str, Any]]] = PrivateAttr(default_factory=dict)

    @model_validator(mode="after")
    def _check_references(self) -> Self:
        repeated = sorted(seed for seed, times in Counter(self.seeds).items() if times > 1)
        if repeated:
            raise ValueError(f"seeds: must differ from each other, but {repeated} stand more than once")
        if self.baseline not in self.variants:
            raise ValueError(f"baseline: must be one of the variants {list(self.variants)}, got {self.baseline!r}")
        if unknown := next((name for name in self.tuning.spaces if name not in self.variants), None):
            raise ValueError(f"tuning.spaces: must name variants {list(self.variants)}, got {unknown!r}")
        if len(set(self.sizes)) < 2:  # noqa: PLR2004 - one size is no comparison
            raise ValueError(f"sizes: must be two or more different numbers, got {self.sizes}")
        drawn = self.normalize.train_images
        if drawn is not None and (self.normalize.split == "fixed" or self.normalize.train_share < 1):
            raise ValueError(
                "normalize.train_images: must be null unless normalize.split is per_seed and normalize.train_share 1, "
                f"got {drawn}; a share that all seeds have is normalize.train_share"
            )
        return self

    @property
    def searches(self) -> int:
        """The number of searches of each searched variant; 1 where none is searched."""
        return self.tuning.repeats if self.tuning.trials and any(map(self.space, self.variants)) else 1

    def space(self, name: str) -> Space:
        """Return the settings of a variant that a search varies; none where there is nothing to search."""
        settings = self.training(name)
        own = family_of(settings).space(settings)
        # What is given for all variants overrides what a family declares; what is given for one may be any setting.
        shared = {key: values for key, values in self.tuning.space.items() if key in own}
        return own | shared | self.tuning.spaces.get(name, {})

    def all_seeds(self) -> list[int]:
        """Return the seeds of a variant's trainings: ``seeds`` for the first search, as many others for each other."""
        others = (seed for seed in count() if seed not in self.seeds)
        return [*self.seeds, *islice(others, (self.searches - 1) * len(self.seeds))]

    def training(self, name: str, seed: int | None = None) -> FamilySettings:
        """Return the settings of the variant ``name``: chosen by a search, its own, and top-level ones for the rest.

        Args:
            name: of the variant.
            seed: of a training, whose search has chosen; by default the first search.

        Raises:
            InputError: there is no such variant.
        """
        if name not in self.variants:
            raise InputError(f"variant: must be one of {list(self.variants)}, got {name!r}")
        own = self.variants[name]
        shared = self.model_dump(include=set(Hyperparameters.model_fields) & set(type(own).model_fields))
        chosen = self._chosen.get(name, [{}])
        place = 0 if seed is None or len(chosen) == 1 else self.all_seeds().index(seed) // len(self.seeds)
        return type(own)(**(shared | own.model_dump(exclude_unset=True) | chosen[place % len(chosen)]))

    def with_chosen(self, folder: Path = TUNED) -> Self:
        """Return these parameters with the settings that searches have chosen, where they have.

        Raises:
            InputError: a file of the stage tune is damaged.
        """
        found = {name: _chosen(folder / name / CHOSEN) for name in self.variants}
        copy = self.model_copy()
        # Not by `update`: the copy shares what it holds with this one.
        copy._chosen = {name: chosen for name, chosen in found.items() if chosen}  # noqa: SLF001 - its own class
        return copy

    def linear_models(self) -> dict[str, str]:
        """Return how each linear model comes about, "solved" or "trained", by variant; other variants are left out."""
        found = {name: family_of(own).linear(self.training(name)) for name, own in self.variants.items()}
        return {name: how for name, how in found.items() if how}

    def solved_beside(self) -> bool:
        """Return whether the baseline is a linear model that is trained, and no variant is its solution."""
        found = self.linear_models()
        return found.get(self.baseline) == "trained" and "solved" not in found.values()

    def epochs_of(self, name: str) -> int:
        """Return how many epochs the trainings of the variant ``name`` have at most."""
        settings = self.training(name)
        return family_of(settings).epochs(settings)

    def seeds_of(self, name: str) -> list[int]:
        """Return the seeds of the trainings of the variant ``name``: one a search, where no seed changes its models."""
        settings, seeds = self.training(name), self.all_seeds()
        if self.normalize.split == "per_seed":
            return self.seeds
        used = family_of(settings).seeds(settings, seeds)
        searched = len(self._chosen.get(name, [{}])) > 1
        return seeds[:: len(self.seeds)] if searched and len(used) == 1 else used


def load_params(path: Path = Path("params.yaml"), *, chosen: bool = True) -> Params:
    """Read and validate ``params.yaml``, with the settings that the stage tune has chosen, unless not wanted.

    Raises:
        InputError: the file is missing, is no YAML mapping, or breaks a rule.
    """
    params = parse_params(read_yaml(path), path)
    return params.with_chosen(path.parent / TUNED) if chosen and params.tuning.trials else params


def _chosen(path: Path) -> list[dict[str, Any]]:
    """Return the chosen settings of each search, a list of them where there are several; none without a search."""
    try:
        found = json.loads(path.read_bytes())
    except FileNotFoundError:
        return []
    except ValueError:
        found = None
    choices = found if isinstance(found, list) else [found]
    if not all(isinstance(each, dict) for each in choices):
        raise InputError(f"{path}: is damaged; run `dvc repro tune@{path.parent.name}`")
    return [each for each in choices if each]


def check_unchanged(params: Params) -> None:
    """Refuse to end a stage whose parameters, or whose code, are not what they were when it began.

    DVC reads the file again when a stage has ended, and would note the new values beside results of the old ones.

    Raises:
        InputError: the file was changed after ``params`` were read, or the code was.
    """
    check_code_unchanged()
    # Where trainings run, and which sizes are compared, changes no result.
    now, then = (each.model_copy(update={"cluster": None, "sizes": []}) for each in (load_params(), params))
    if now != then:
        raise InputError("params.yaml: must stay as it is while a stage runs, but was changed; run `dvc repro` again")


def parse_params(values: Any, source: Path) -> Params:
    """Validate the contents of a ``params.yaml``; ``source`` names it in the message.

    Raises:
        InputError: a rule is broken.
    """
    return parse(Params, values, source, advice() | DERIVED, tagged="variants")
