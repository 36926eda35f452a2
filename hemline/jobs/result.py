"""The result of a training, as a value and as the arrays of a checkpoint file."""

from collections.abc import Mapping
from typing import Any, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from hemline.jobs.trained import Predicted
from hemline.training.resume import Row
from hemline.training.served import Interface, ServedModel

PREDICTED: tuple[Predicted, ...] = ("validation", "test")


class TrainingResult(NamedTuple):
    """The result of a training."""

    history: list[Row]
    model: bytes  # the bytes of its file, which depend on nothing but the model
    served: ServedModel  # the same for raw pixels
    layers: list[dict[str, Any]]
    notes: list[str]  # sentences about the training
    predicted: dict[Predicted, NDArray[np.float32]]  # probabilities by the name of the set, float32 (images, classes)

    @classmethod
    def of_trial(cls, history: list[Row], validation: NDArray[np.float32]) -> Self:
        """Return the result of a trial: its epochs and its probabilities of the validation images."""
        return cls(history, b"", ServedModel(b"", Interface("", (), 0)), [], [], {"validation": validation})

    @property
    def recorded(self) -> bool:
        """Whether it comes from a stage's output, whose run MLflow has, or is given by the reports."""
        return not self.served.content

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Return its large parts by name."""
        files = {"model": self.model, "served": self.served.content}
        return {name: np.frombuffer(content, np.uint8) for name, content in files.items()} | dict(self.predicted)

    def about(self) -> dict[str, Any]:
        """Return the rest as values for JSON, without the history."""
        return {
            "interface": self.served.interface,
            "suffix": self.served.suffix,
            "layers": self.layers,
            "notes": self.notes,
        }

    @classmethod
    def of(cls, history: list[Row], arrays: Mapping[str, NDArray[Any]], about: Mapping[str, Any]) -> Self:
        """Return the result from ``arrays`` and ``about``."""
        name, input_shape, n_classes = about["interface"]
        interface = Interface(name, tuple(input_shape), n_classes)
        model, content = (arrays[name].tobytes() for name in ("model", "served"))
        predicted = {name: arrays[name] for name in PREDICTED}
        served = ServedModel(content, interface, about["suffix"])
        return cls(history, model, served, about["layers"], about["notes"], predicted)
