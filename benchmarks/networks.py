"""Dense networks in plain Keras, without anything of the project's: what its peers train."""

import keras
import numpy as np
from numpy.typing import NDArray

_BATCH = 2048


def dense_network(
    hidden: list[int],
    image_shape: tuple[int, ...],
    n_classes: int,
    seed: int,
    activation: str = "relu",
    *,
    dropout: float = 0.0,
    l2: float = 0.0,
) -> keras.Sequential:
    """Return an untrained network: images, float32 (n, *image_shape) -> probabilities (n, n_classes)."""
    keras.utils.set_random_seed(seed)
    penalty = keras.regularizers.L2(l2) if l2 else None
    layers: list[keras.Layer] = []
    for units in hidden:
        layers.append(keras.layers.Dense(units, activation, kernel_regularizer=penalty))
        layers += [keras.layers.Dropout(dropout)] if dropout else []
    output = keras.layers.Dense(n_classes, "softmax", kernel_regularizer=penalty)
    return keras.Sequential([keras.Input(image_shape), keras.layers.Flatten(), *layers, output])


def predict(model: keras.Sequential, images: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the probabilities of ``images``."""
    parts = [model(images[start : start + _BATCH], training=False) for start in range(0, len(images), _BATCH)]
    return np.concatenate([np.asarray(part) for part in parts])
