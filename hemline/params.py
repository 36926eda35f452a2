"""The models of ``params.yaml``, and the one place that validates it.

``load_params()`` reads the file; ``Params.training(name)`` gives a variant's settings with the top-level ones filled
in. A broken rule raises ``InputError`` with one line: the key, the rule, the value received.

A new training key is one line in ``Hyperparameters``, with a default that changes no result.
"""

import re
from collections import Counter
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from hemline.errors import InputError
from hemline.schema import Count, Name, StrictModel, parse, read_yaml


def _check_cluster(cluster: str) -> str:
    if not re.fullmatch(r"(tcp|tls|ucx|ws|wss)://[^\s/]+:\d+|[^\s:]+\.json", cluster):
        raise ValueError("must be a scheduler's address, such as tcp://host:8786, its file, such as x.json, or null")
    return cluster


Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]
# The largest pixel is 255; far beyond these, float32 turns all pixels into 0, or into infinity.
Scale = Annotated[float, Field(ge=0.001, le=1_000_000)]
Share = Annotated[float, Field(ge=0, lt=1)]
Seed = Annotated[int, Field(ge=0, lt=2**32)]
Optimizer = Literal["adam", "rmsprop", "sgd"]  # those of hemline/training/optimizers.py
# The address of a scheduler, or the file that it wrote.
Cluster = Annotated[str, AfterValidator(_check_cluster)]
# Keras's names; each is a function there.
Activation = Literal["relu", "tanh", "sigmoid", "elu", "selu", "gelu", "silu"]

# What a network takes from the data, so that no setting can contradict it: the rule for whoever tries.
DERIVED = {
    "flatten": "is no setting: every image is flattened to one row of numbers before the first dense layer, because "
    "a dense layer would answer for each row of pixels by itself; remove it",
    "outputs": "is no setting: a network has one output for each class in data/<dataset>.yaml, because every label "
    "needs an output of its own; remove it",
}


class Normalize(StrictModel):
    """How raw pixels become the inputs of the networks."""

    scale: Scale = 255
    validation_split: Share = 0.1
    train_share: Annotated[float, Field(gt=0, le=1)] = 1.0


class Hyperparameters(StrictModel):
    """What determines a training beside its network, its seed and the data; the top-level keys of ``params.yaml``."""

    epochs: Count = 5
    batch_size: Count = 32
    optimizer: Optimizer = "adam"
    learning_rate: Positive = 0.001
    activation: Activation = "relu"
    dropout: Share = 0.0
    stop_below_loss: Positive | None = None


class Training(Hyperparameters):
    """Everything that determines one variant's trainings, apart from the seed and the data."""

    hidden: list[Count]


class Variant(Training):
    """A variant as it stands under ``variants``: what it leaves out, or sets to null, is as at the top level."""

    @model_validator(mode="before")
    @classmethod
    def _drop_nulls(cls, values: Any) -> Any:
        if not isinstance(values, dict):
            return values
        # Only `stop_below_loss: null` is a setting: no stop.
        return {
            key: value for key, value in values.items() if value is not None or key in {"stop_below_loss", "hidden"}
        }


class Params(Hyperparameters):
    """The whole of ``params.yaml``."""

    dataset: Name
    normalize: Normalize = Normalize()
    record_test: bool = False
    cluster: Cluster | None = None
    seeds: Annotated[list[Seed], Field(min_length=1)]
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
        shared = self.model_dump(include=set(Hyperparameters.model_fields))
        return Training(**(shared | self.variants[name].model_dump(exclude_unset=True)))


def load_params(path: Path = Path("params.yaml")) -> Params:
    """Read and validate ``params.yaml``.

    Raises:
        InputError: the file is missing, is no YAML mapping, or breaks a rule.
    """
    return parse_params(read_yaml(path), path)


def check_unchanged(params: Params) -> None:
    """Refuse to end a stage whose parameters are not those that params.yaml holds now.

    DVC reads the file again when a stage has ended, and would note the new values beside results of the old ones.

    Raises:
        InputError: the file was changed after ``params`` were read.
    """
    # Where trainings run changes no result.
    now, then = (each.model_copy(update={"cluster": None}) for each in (load_params(), params))
    if now != then:
        raise InputError("params.yaml: must stay as it is while a stage runs, but was changed; run `dvc repro` again")


def parse_params(values: Any, source: Path) -> Params:
    """Validate the contents of a ``params.yaml``; ``source`` names it in the message.

    Raises:
        InputError: a rule is broken.
    """
    return parse(Params, values, source, DERIVED)
