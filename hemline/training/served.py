"""A trained model as recorded and served: its bytes, and its metadata without loading it."""

from typing import NamedTuple


class Interface(NamedTuple):
    """The inputs and outputs of a model."""

    name: str
    input_shape: tuple[int, ...]
    n_classes: int  # the number of probabilities


class ServedModel(NamedTuple):
    """A trained model that takes raw pixels."""

    content: bytes  # of its file
    interface: Interface
    suffix: str = ".keras"  # of its file: ``.keras``, or ``.skops`` for a scikit-learn estimator of flattened images
