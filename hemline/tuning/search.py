"""The searches of one variant, before anything is drawn: what the stage check passes on to the stage tune."""

import math
from pathlib import Path
from typing import Any, Literal, Self

from pydantic import Field, RootModel, ValidationError

from hemline.errors import InputError
from hemline.families.family import FamilySettings
from hemline.families.registry import AnySettings, family_of
from hemline.families.space import Range, Scalar, Space
from hemline.jobs.settings import Settings
from hemline.params import INPUTS, Params
from hemline.schema import StrictModel


class Search(StrictModel):
    """Everything but the data that determines the trials of a variant."""

    settings: Settings  # those that trials override
    space: Space
    trials: int
    seed: int
    sampler: Literal["random", "quasi-random"]
    metric: str  # the deciding metric: its value on validation images is the score of a trial
    repeats: int = 1  # searches of the variant, each with so many trials
    halving: bool = False
    budget: Literal["trials", "updates", "seconds"] = "trials"
    # The settings of all variants that are searched, with a budget other than trials: the costliest sets its amount.
    searched: list[AnySettings] = Field(default_factory=list)

    @classmethod
    def of(cls, params: Params, variant: str) -> Self | None:
        """Return the search of a variant; None without trials, or where there is nothing to search.

        Raises:
            InputError: the space names a setting that the variant does not have, or a value that breaks its rule.
        """
        tuning, settings = params.tuning, Settings.of(params, variant)
        space = params.space(variant)
        if not tuning.trials or not space:
            return None
        if not params.normalize.validation_split:
            raise InputError(
                "params.yaml: tuning.trials: must be 0 where normalize.validation_split is 0: trials are compared by "
                f"validation images, got {tuning.trials}"
            )
        if params.normalize.split == "per_seed":
            raise InputError(
                "params.yaml: tuning.trials: must be 0 with normalize.split: per_seed, because all trials are compared "
                f"by the same validation images, got {tuning.trials}"
            )
        _check(variant, settings.training, space)
        _check_budget(params, variant)
        return cls(
            settings=settings,
            space=space,
            trials=tuning.trials,
            seed=tuning.seed,
            sampler=tuning.sampler,
            metric=params.metric,
            repeats=tuning.repeats,
            halving=tuning.halving,
            budget=tuning.budget,
            searched=[] if tuning.budget == "trials" else _searched(params),
        )

    def training(self, drawn: dict[str, Scalar]) -> FamilySettings:
        """Return the variant's settings with those that a trial has drawn."""
        return _with(self.settings.training, drawn)

    def space_text(self) -> str:
        """Return the space in a line: ranges as in "0.0001 to 0.01 (log)", choices as in "32, 64"."""
        return "; ".join(f"{key}: {_text(values)}" for key, values in self.space.items())

    def overrides(self, drawn: dict[str, Scalar]) -> dict[str, Any]:
        """Return the settings of the variant that drawn values override."""
        return _overrides(self.settings.training, drawn)


def _searched(params: Params) -> list[FamilySettings]:
    return [params.training(name) for name in params.variants if params.space(name)]


def _check_budget(params: Params, variant: str) -> None:
    tuning, settings = params.tuning, params.training(variant)
    if tuning.halving and tuning.budget != "trials":
        rule = "must be false with tuning.budget: " + tuning.budget
        raise InputError(f"params.yaml: tuning.halving: {rule}, which is planned with whole trainings, got true")
    if tuning.budget == "updates" and not family_of(settings).has_epochs(settings):
        rule = f"must be trials or seconds: {variant} has no updates of weights to count"
        raise InputError(f"params.yaml: tuning.budget: {rule}, got updates")


def _text(values: Range | list[Scalar]) -> str:
    if isinstance(values, Range):
        return f"{values.low:g} to {values.high:g}{' (log)' if values.log else ''}"
    return ", ".join(map(str, values))


class _Written(RootModel[Search | None]):
    pass


def search_text(search: Search | None) -> str:
    """Return what the stage check writes of the search of a variant, or that there is none."""
    return _Written(search).model_dump_json(indent=2) + "\n"


def read_search(variant: str) -> Search | None:
    """Return the search that the stage check has written.

    Raises:
        InputError: there is no such file.
    """
    path = search_path(variant)
    try:
        return _Written.model_validate_json(path.read_bytes()).root
    except FileNotFoundError:
        raise InputError(f"{path}: no such file; run `dvc repro check`") from None


def read_searches() -> list[Search]:
    """Return the searches of all variants that the stage check has written."""
    written = [path.read_bytes() for path in sorted(INPUTS.glob(search_path("*").name))]
    return [search for each in written if (search := _Written.model_validate_json(each).root)]


def search_path(variant: str) -> Path:
    """Return where the stage check writes the search of a variant."""
    return INPUTS / f"_tune-{variant}.json"


def _with(settings: FamilySettings, drawn: dict[str, Scalar]) -> FamilySettings:
    return type(settings)(**(settings.model_dump() | _overrides(settings, drawn)))


def _overrides(settings: FamilySettings, drawn: dict[str, Scalar]) -> dict[str, Any]:
    """Return drawn values by key; those of no key of the family are settings of its estimator or builder."""
    fields = type(settings).model_fields
    own: dict[str, Any] = {key: value for key, value in drawn.items() if key in fields}
    if rest := {key: value for key, value in drawn.items() if key not in fields}:
        own["settings"] = getattr(settings, "settings", {}) | rest
    return own


def _check(variant: str, settings: FamilySettings, space: Space) -> None:
    for key, values in space.items():
        ends = [values.low, values.high] if isinstance(values, Range) else values
        known = key in type(settings).model_fields or "settings" in type(settings).model_fields
        if not known:
            raise InputError(f"params.yaml: tuning: {key}: is no setting of the variant {variant}")
        for value in ends:
            try:
                _with(settings, {key: value})
            except ValidationError as error:
                said = error.errors()[0]["msg"].removeprefix("Value error, ")
                raise InputError(f"params.yaml: tuning: {key}: {said}, got {value!r} (variant {variant})") from None


def at_edges(space: Space, drawn: dict[str, Scalar]) -> list[str]:
    """Return the settings whose drawn value lies at the edge of the space, where a value beyond it may be better.

    That is the first or last of several numbers to choose from, or the outer twentieth of a range. A 0 is no edge:
    there is nothing below it.
    """
    return [key for key, values in space.items() if _at_edge(values, drawn[key])]


def _at_edge(values: Range | list[Scalar], value: Scalar) -> bool:
    if isinstance(values, Range):
        scale = math.log if values.log else float
        low, high, at = (scale(each) for each in (values.low, values.high, float(value)))
        return min(at - low, high - at) < (high - low) / 20
    numbers = [each for each in values if isinstance(each, int | float) and not isinstance(each, bool)]
    if len(numbers) != len(values) or len(values) < 2:  # noqa: PLR2004 - no order, or no choice
        return False
    return value != 0 and value in (min(numbers), max(numbers))


def programs_first(drawn: list[dict[str, Scalar]], arguments: tuple[str, ...]) -> list[int]:
    """Return the order of trials in which those that share a compiled program follow each other."""
    groups = [str({key: value for key, value in each.items() if key not in arguments}) for each in drawn]
    return [number for number, _ in sorted(enumerate(groups), key=lambda pair: (pair[1], pair[0]))]
