"""A trained model on its way to MLflow: a file, because the process that logs it does without Keras."""

from pathlib import Path
from typing import NamedTuple, Self

from hemline.training.served import Interface, ServedModel


class ModelFile(NamedTuple):
    """A file that takes raw pixels."""

    path: Path  # of the file; its suffix tells what kind it is
    interface: Interface

    @classmethod
    def write(cls, model: ServedModel, folder: Path, name: str) -> Self:
        """Write ``model`` into ``folder``, as ``name`` with the suffix of its kind."""
        path = folder / f"{name}{model.suffix}"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(model.content)
        return cls(path, model.interface)
