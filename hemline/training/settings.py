"""The settings that the compiled trainer reads, whichever family they belong to."""

from typing import Protocol


class FitSettings(Protocol):
    """How a network is trained."""

    @property
    def epochs(self) -> int:
        """How often all training images are used."""

    @property
    def batch_size(self) -> int:
        """Images of one step."""

    @property
    def optimizer(self) -> str:
        """A name in ``OPTIMIZERS``."""

    @property
    def learning_rate(self) -> float:
        """Of the optimizer."""

    @property
    def stop_below_loss(self) -> float | None:
        """End after the first epoch whose training loss is below this."""


class DenseNetwork(FitSettings, Protocol):
    """The same, of a network of dense layers."""

    @property
    def hidden(self) -> list[int]:
        """Units of each hidden layer."""

    @property
    def activation(self) -> str:
        """Of the hidden layers: Keras's name."""

    @property
    def dropout(self) -> float:
        """Share of each hidden layer's outputs dropped while training."""
