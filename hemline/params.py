"""The models of ``params.yaml``, and the one place that validates it.

``load_params()`` reads the file; ``Params.training(name)`` gives a variant's settings with the top-level
defaults filled in. A broken rule raises ``InputError`` with one line: the key, the rule, the value received.
"""

from collections import Counter
from pathlib import Path
from reprlib import Repr
from typing import Annotated, Any, Literal, Self, TypeVar

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError, model_validator
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from hemline.errors import InputError

NAME_PATTERN = r"^[a-z0-9][a-z0-9-]*$"

# Names become names of files.
Name = Annotated[str, StringConstraints(pattern=NAME_PATTERN, max_length=64)]
Count = Annotated[int, Field(ge=1, lt=2**31)]
Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]
# The largest pixel is 255; far beyond these, float32 turns all pixels into 0, or into infinity.
Scale = Annotated[float, Field(ge=0.001, le=1_000_000)]
Share = Annotated[float, Field(ge=0, lt=1)]
Optimizer = Literal["adam", "rmsprop", "sgd"]
Activation = Literal["relu", "tanh", "sigmoid", "elu", "selu", "gelu", "silu"]
M = TypeVar("M", bound=BaseModel)

# What a network takes from the data, so that no setting can contradict it: the rule for whoever tries.
DERIVED = {
    "flatten": "is no setting: every image is flattened to one row of numbers before the first dense layer, because "
    "a dense layer would answer for each row of pixels by itself; remove it",
    "outputs": "is no setting: a network has one output for each class in data/<dataset>.yaml, because every label "
    "needs an output of its own; remove it",
}


class StrictModel(BaseModel):
    """Strict types, no unknown keys, no change after validation."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class Normalize(StrictModel):
    """How raw pixels become the inputs of the networks."""

    scale: Scale = 255
    validation_split: Share = 0.1


class Training(StrictModel):
    """Everything that determines one variant's trainings, apart from the seed and the data."""

    hidden: list[Count]
    epochs: Count = 5
    batch_size: Count = 32
    optimizer: Optimizer = "adam"
    learning_rate: Positive = 0.001
    activation: Activation = "relu"
    dropout: Share = 0.0
    stop_below_loss: Positive | None = None


class Variant(StrictModel):
    """A network of ``hidden`` dense layers; ``None`` means that the top-level value holds."""

    hidden: list[Count]
    epochs: Count | None = None
    batch_size: Count | None = None
    optimizer: Optimizer | None = None
    learning_rate: Positive | None = None
    activation: Activation | None = None
    dropout: Share | None = None
    stop_below_loss: Positive | None = None


class Params(StrictModel):
    """The whole of ``params.yaml``."""

    dataset: Name
    normalize: Normalize = Normalize()
    epochs: Count
    batch_size: Count
    optimizer: Optimizer
    learning_rate: Positive
    activation: Activation
    dropout: Share
    stop_below_loss: Positive | None
    record_test: bool
    seeds: Annotated[list[Annotated[int, Field(ge=0, lt=2**32)]], Field(min_length=1)]
    baseline: Name
    variants: Annotated[dict[Name, Variant], Field(min_length=1)]

    @model_validator(mode="after")
    def _check_references(self) -> Self:
        repeated = sorted(seed for seed, times in Counter(self.seeds).items() if times > 1)
        if repeated:
            raise ValueError(f"seeds: must differ from each other, but {repeated} stand more than once")
        if self.baseline not in self.variants:
            raise ValueError(f"baseline: must be one of the variants {list(self.variants)}, got {self.baseline!r}")
        return self

    def training(self, name: str) -> Training:
        """Return the settings of the variant ``name``: its own, and the top-level ones for the rest.

        Raises:
            InputError: there is no such variant.
        """
        if name not in self.variants:
            raise InputError(f"variant: must be one of {list(self.variants)}, got {name!r}")
        defaults = self.model_dump(include=set(Training.model_fields) - {"hidden"})
        own = self.variants[name].model_dump(exclude_unset=True)
        # Only `stop_below_loss: null` is a setting (no stop); any other null leaves the top-level value in force.
        overrides = {key: value for key, value in own.items() if value is not None or key == "stop_below_loss"}
        return Training(**(defaults | overrides))


def load_params(path: Path = Path("params.yaml")) -> Params:
    """Read and validate ``params.yaml``.

    Raises:
        InputError: the file is missing, is no YAML mapping, or breaks a rule.
    """
    return parse(Params, read_yaml(path), path)


def read_yaml(path: Path) -> Any:
    """Return the contents of a YAML 1.2 file (the dialect that DVC reads ``params.yaml`` in).

    Raises:
        InputError: the file is missing or is not YAML.
    """
    try:
        return YAML(typ="safe", pure=True).load(path)
    except FileNotFoundError:
        raise InputError(f"{path}: no such file; run from the top of the repository") from None
    except OSError as error:
        raise InputError(f"{path}: cannot be read: {error.strerror}") from None
    except (YAMLError, ValueError, LookupError, TypeError, AttributeError, RecursionError) as error:
        # Of `2024-13-45`, `!!bool maybe` or a thousand brackets, Python's own errors come through.
        raise InputError(f"{path}: is not YAML: {_one_line(error)}") from None


def parse(model: type[M], values: Any, source: Path) -> M:
    """Validate ``values`` as a ``model``; the first broken rule becomes one ``InputError`` line."""
    if not isinstance(values, dict):
        raise InputError(f"{source}: must be a mapping of keys to values, got {_shown(values)}")
    try:
        return model.model_validate(values)
    except ValidationError as error:
        raise InputError(f"{source}: {_first_line(error)}") from None


def _first_line(error: ValidationError) -> str:
    first = error.errors()[0]
    key = _one_line(".".join(str(part) for part in first["loc"] if part != "[key]"))
    message = first["msg"].removeprefix("Value error, ")
    if first["type"] == "value_error" and not key:
        return _one_line(message)
    if first["type"] == "extra_forbidden" and first["loc"][-1] in DERIVED:
        return f"{key}: {DERIVED[str(first['loc'][-1])]}, got {_shown(first['input'])}"
    if first["type"] == "extra_forbidden":
        return f"{key}: is not a known key; remove it or correct its spelling, got {_shown(first['input'])}"
    if first["type"] == "missing":
        return f"{key}: is required, but missing"
    return f"{key}: {message[0].lower()}{message[1:]}, got {_shown(first['input'])}"


def _shown(value: Any) -> str:
    """Return the value received, short enough for a line."""
    shortened = Repr()
    shortened.maxstring = shortened.maxother = shortened.maxlong = 100
    return shortened.repr(value)


def _one_line(text: object) -> str:
    """Return ``text`` without line breaks, which keys and messages of YAML may have."""
    return " ".join(str(text).split())
