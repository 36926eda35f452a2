"""A trained model as it is recorded and served: bytes, and what has to be known of it without loading it."""

from typing import NamedTuple


class Interface(NamedTuple):
    """What a model takes and returns.

    Attributes:
        name: of the model.
        input_shape: of an image.
        n_classes: how many probabilities it returns.
    """

    name: str
    input_shape: tuple[int, ...]
    n_classes: int


class ServedModel(NamedTuple):
    """A trained model that takes raw pixels.

    Attributes:
        content: of its file.
        interface: what it takes and returns.
        suffix: of its file: ``.keras``, or ``.skops`` for a scikit-learn estimator of flattened images.
    """

    content: bytes
    interface: Interface
    suffix: str = ".keras"
