"""A trained model on its way to MLflow: a file, because the process that logs it does without Keras."""

from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, Self

if TYPE_CHECKING:
    from hemline.training.tensorflow import keras


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
    def write(cls, model: "keras.Sequential", path: Path) -> Self:
        """Write ``model``, which takes raw pixels, to ``path``."""
        path.parent.mkdir(parents=True, exist_ok=True)
        model.save(path)
        return cls(path, model.name, tuple(model.input_shape[1:]), model.output_shape[1])
