"""A linear model of given weights, as a network without hidden layers: saved, served and predicting as networks do."""

from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from hemline.data.normalized import Labelled
from hemline.training.learner import NetworkModel
from hemline.training.trainer import Trainer

# For an untrained network.
_SETTINGS: Any = SimpleNamespace(
    hidden=[], activation="relu", dropout=0.0, epochs=1, batch_size=1, optimizer="sgd", learning_rate=1.0,
    stop_below_loss=None,
)  # fmt: skip


def linear_model(
    variant: str, kernel: NDArray[np.float32], bias: NDArray[np.float32], train: Labelled, notes: Sequence[str] = ()
) -> NetworkModel:
    """Return the model whose probabilities are the softmax of ``pixels / scale @ kernel + bias``.

    ``kernel`` is float32 (pixels, classes), ``bias`` float32 (classes,). The shape of the images and their scale are
    those of ``train``, of which nothing is put into memory; ``notes`` say how the weights came about.
    """
    trainer = Trainer(variant, _SETTINGS, len(bias), train, source=lambda *_: cast("Any", None))
    model = trainer.untrained(0)
    model.set_weights([kernel, bias])
    return NetworkModel(model, trainer, train.scale, notes)
