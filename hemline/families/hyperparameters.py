"""The settings at the top level of ``params.yaml``, which a family that has the same key shares."""

from typing import Annotated, Literal

from pydantic import Field

from hemline.schema import Count, StrictModel

Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]
Share = Annotated[float, Field(ge=0, lt=1)]
Optimizer = Literal["adam", "rmsprop", "sgd"]  # those of hemline/training/optimizers.py
# Keras's names; each is a function there.
Activation = Literal["relu", "tanh", "sigmoid", "elu", "selu", "gelu", "silu"]


class Hyperparameters(StrictModel):
    """Settings of a training that are the same for every variant unless a variant overrides them."""

    epochs: Count = 5
    batch_size: Count = 32
    optimizer: Optimizer = "adam"
    learning_rate: Positive = 0.001
    activation: Activation = "relu"
    dropout: Share = 0.0
    l2: Annotated[float, Field(ge=0, le=1)] = 0.0
    stop_below_loss: Positive | None = None
