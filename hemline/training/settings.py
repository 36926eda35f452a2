"""The settings that the compiled trainer reads, whichever family they belong to."""

from typing import Protocol


class FitSettings(Protocol):
    """The settings of a network's training."""

    epochs: int  # how often all training images are used
    batch_size: int
    learning_rate: float
    stop_below_loss: float | None  # end after the first epoch whose training loss is below this

    @property
    def optimizer(self) -> str:
        """A name in ``OPTIMIZERS``."""


class DenseNetwork(FitSettings, Protocol):
    """The same, of a network of dense layers."""

    hidden: list[int]  # units of each hidden layer
    dropout: float  # share of each hidden layer's outputs dropped while training

    @property
    def activation(self) -> str:
        """Of the hidden layers: Keras's name."""
