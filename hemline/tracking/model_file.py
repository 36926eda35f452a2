"""A trained model on its way to MLflow: a file, because the process that logs it does without Keras."""

from pathlib import Path
from typing import NamedTuple, Self

from hemline.training.served import Interface, ServedModel


class ModelFile(NamedTuple):
    """A ``.keras`` file that takes raw pixels.

    Attributes:
        path: of the file.
        interface: what it takes and returns.
    """

    path: Path
    interface: Interface

    @classmethod
    def write(cls, model: ServedModel, path: Path) -> Self:
        """Write ``model`` to ``path``."""
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(model.content)
        return cls(path, model.interface)
