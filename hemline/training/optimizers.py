"""The optimizers, as pure functions on lists of tensors, so that a whole epoch can be one compiled program.

The updates are those of Keras's classes of the same names at their defaults; a test holds each against its class.
To add one, write an ``Optimizer`` here, and its name into ``params.Optimizer``.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

from hemline.training.tensorflow import tf

Tensors = list[tf.Tensor]


class Optimizer(NamedTuple):
    """An optimizer without state of its own.

    Attributes:
        slots: how many tensors, as large as each weight and zero at first, it keeps for each weight.
        update: (weight, gradient, its slots, learning rate, number of the step from 1) -> new weight, new slots.
    """

    slots: int
    update: Callable[[Any, Any, Tensors, Any, Any], tuple[Any, Tensors]]

    def start(self, weights: Tensors) -> list[Tensors]:
        """Return the slots before the first step: for each weight, a list of zeros."""
        return [[tf.zeros_like(weight) for _ in range(self.slots)] for weight in weights]

    def apply(
        self, weights: Tensors, gradients: Tensors, slots: list[Tensors], rate: tf.Tensor, step: tf.Tensor
    ) -> tuple[Tensors, list[Tensors]]:
        """Return all weights and slots after one step; ``step`` is a float32 scalar that counts from 1."""
        updated = [
            self.update(weight, gradient, own, rate, step)
            for weight, gradient, own in zip(weights, gradients, slots, strict=True)
        ]
        return [weight for weight, _ in updated], [own for _, own in updated]


def _adam(weight: Any, gradient: Any, slots: Tensors, rate: Any, step: Any) -> tuple[Any, Tensors]:
    """Kingma and Ba, "Adam: a method for stochastic optimization", 2015; the efficient order of its section 2."""
    momentum, velocity = slots
    beta_1, beta_2, epsilon = 0.9, 0.999, 1e-7
    alpha = rate * tf.sqrt(1.0 - tf.pow(beta_2, step)) / (1.0 - tf.pow(beta_1, step))
    momentum += (gradient - momentum) * (1.0 - beta_1)
    velocity += (gradient * gradient - velocity) * (1.0 - beta_2)
    return weight - momentum * alpha / (tf.sqrt(velocity) + epsilon), [momentum, velocity]


def _rmsprop(weight: Any, gradient: Any, slots: Tensors, rate: Any, _step: Any) -> tuple[Any, Tensors]:
    """Tieleman and Hinton, lecture 6.5 of "Neural networks for machine learning", 2012."""
    (velocity,) = slots
    rho, epsilon = 0.9, 1e-7
    velocity = rho * velocity + (1.0 - rho) * gradient * gradient
    # XLA would make a product with 1 / sqrt of the quotient, and that of an instruction whose bits each maker of
    # processors chose for himself. Of a maximum, which changes nothing here, it cannot.
    root = tf.maximum(tf.sqrt(velocity + epsilon), epsilon)
    return weight - rate * gradient / root, [velocity]


def _sgd(weight: Any, gradient: Any, slots: Tensors, rate: Any, _step: Any) -> tuple[Any, Tensors]:
    """Stochastic gradient descent without momentum."""
    return weight - rate * gradient, slots


OPTIMIZERS = {
    "adam": Optimizer(slots=2, update=_adam),
    "rmsprop": Optimizer(slots=1, update=_rmsprop),
    "sgd": Optimizer(slots=0, update=_sgd),
}
