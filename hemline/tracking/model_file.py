"""A trained model on its way to MLflow: a file, because the process that logs it does without Keras."""

from pathlib import Path
from typing import NamedTuple, Self

from hemline.training.job import Served


class ModelFile(NamedTuple):
    """A ``.keras`` file that takes raw pixels.

    Attributes:
        path: of the file.
        name: of the model.
        input_shape: of an image.
        n_classes: how many probabilities it returns.
    """

    path: Path
    name: str
    input_shape: tuple[int, ...]
    n_classes: int

    @classmethod
    def write(cls, model: Served, path: Path) -> Self:
        """Write ``model`` to ``path``."""
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(model.content)
        return cls(path, model.name, model.input_shape, model.n_classes)
