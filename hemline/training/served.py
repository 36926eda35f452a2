"""A trained model as it is recorded and served: bytes, and what has to be known of it without loading it."""

from typing import NamedTuple


class Interface(NamedTuple):
    """What a model takes and returns."""

    name: str
    input_shape: tuple[int, ...]
    n_classes: int  # how many probabilities it returns


class ServedModel(NamedTuple):
    """A trained model that takes raw pixels."""

    content: bytes  # of its file
    interface: Interface
    suffix: str = ".keras"  # of its file: ``.keras``, or ``.skops`` for a scikit-learn estimator of flattened images
