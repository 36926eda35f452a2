"""An example of a model of one's own: a small convolutional network."""

from typing import Any

import keras


def small_cnn(image_shape: tuple[int, ...], n_classes: int, settings: dict[str, Any]) -> keras.Model:
    """Return an untrained network that takes scaled images and gives probabilities.

    Args:
        image_shape: (height, width) or (height, width, channels).
        n_classes: the number of outputs.
        settings: ``filters`` of the first convolution; the second has twice as many.
    """
    filters = settings.get("filters", 8)
    shape = image_shape if len(image_shape) == 3 else (*image_shape, 1)  # noqa: PLR2004 - height, width, channels
    return keras.Sequential(
        [
            keras.Input(image_shape),
            keras.layers.Reshape(shape),
            keras.layers.Conv2D(filters, 3, activation="relu", padding="same"),
            keras.layers.MaxPooling2D(),
            keras.layers.Conv2D(2 * filters, 3, activation="relu", padding="same"),
            keras.layers.MaxPooling2D(),
            keras.layers.Flatten(),
            keras.layers.Dense(n_classes, activation="softmax"),
        ]
    )
