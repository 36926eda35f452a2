"""A linear model of given weights, as a network without hidden layers: saved, served and predicting as networks do."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hemline.data.normalized import Labelled
from hemline.training.learner import NetworkModel
from hemline.training.trainer import Trainer


@dataclass(frozen=True)
class _NoHiddenLayers:
    """The settings of a network that is not trained."""

    hidden: list[int] = field(default_factory=list)
    activation: str = "relu"
    dropout: float = 0.0
    epochs: int = 1
    batch_size: int = 1
    optimizer: str = "sgd"
    learning_rate: float = 1.0
    stop_below_loss: float | None = None


def linear_model(
    variant: str, kernel: NDArray[np.float32], bias: NDArray[np.float32], train: Labelled, notes: Sequence[str] = ()
) -> NetworkModel:
    """Return the model whose probabilities are the softmax of ``pixels / scale @ kernel + bias``.

    Args:
        variant: the variant's name, which the model is given.
        kernel: float32 (pixels, classes).
        bias: float32 (classes,).
        train: the training set, for the shape of its images and its scale; nothing of it is put into memory.
        notes: sentences about how the weights came about.
    """
    trainer = Trainer(variant, _NoHiddenLayers(), len(bias), train, source=_no_source)
    model = trainer.untrained(0)
    model.set_weights([kernel, bias])
    return NetworkModel(model, trainer, train.scale, notes)


def _no_source(*_: Any) -> Any:
    return None
