"""The model as it is served: checks what it is sent, and answers with class names.

MLflow copies this one file into the model and runs it wherever the model is loaded, with no pickle: it imports nothing
of Hemline. The plain Keras flavor would answer NaN, null, strings and booleans with plausible numbers.
"""

import json
import os
import warnings
from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

# Read by TensorFlow once, at its import.
os.environ.setdefault("KERAS_BACKEND", "tensorflow")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "-1")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

from mlflow.exceptions import MlflowException
from mlflow.models import set_model
from mlflow.protos.databricks_pb2 import INVALID_PARAMETER_VALUE
from mlflow.pyfunc.model import PythonModel

# The range of pixels of models that were promoted before their facts told it.
_BYTES = {"lowest": 0, "highest": 255}
_SHOWN = 40  # characters of a wrong value
_LEAST = 1e-12  # probability


class RefusedError(MlflowException):
    """An input that breaks a rule; the server answers with 400 and this message alone."""

    def __init__(self, message: str) -> None:
        super().__init__(f"inputs: {message}", error_code=INVALID_PARAMETER_VALUE)

    def __setattr__(self, name: str, value: object) -> None:
        # The server would put the whole of the data, thousands of numbers, before the message.
        if name != "message" or not hasattr(self, "message"):
            super().__setattr__(name, value)


class _Quiet(PythonModel):
    """Keeps MLflow from warning that it does not check the type ``Any``: that is what it is for."""

    def __init_subclass__(cls, **kwargs: Any) -> None:
        # Recorded and dropped; a filter would be overruled by MLflow's own.
        with warnings.catch_warnings(record=True):
            super().__init_subclass__(**kwargs)


class Served(_Quiet):
    """A Keras model or a classifier of scikit-learn that takes raw pixels, its classes, and the shape of one image."""

    facts: dict[str, Any]  # ``classes``, ``image_shape`` and what else was known of the model when it was promoted
    # digests of the images that it was trained on or chosen by, uint64 (n,); None where that is not known
    seen: NDArray[np.uint64] | None

    def load_context(self, context: Any) -> None:
        """Load the model and the facts; called once by MLflow."""
        with open(context.artifacts["facts"], encoding="utf-8") as file:  # noqa: PTH123 - MLflow hands over a text
            self.facts = json.load(file)
        self.seen = np.load(context.artifacts["seen"]) if "seen" in context.artifacts else None
        path = context.artifacts["model"]
        if path.endswith(".skops"):
            from skops.io import load  # noqa: PLC0415 - of one kind only

            self._estimator = load(path, trusted=self.facts["trusted"])
        else:
            import keras  # noqa: PLC0415 - the settings come first

            self._estimator, self._model = None, keras.saving.load_model(path, compile=False)

    # Any element is let through to the checks below: MLflow's own messages name neither rule nor remedy.
    def predict(self, context: Any, model_input: list[Any], params: Any = None) -> list[dict[str, Any]]:  # noqa: ARG002
        """Return the ``class`` of each image, and its ``probabilities`` by class.

        Images are raw pixels, numbers in the data set's range, nested lists (n, *image_shape); what breaks a rule is a
        ``RefusedError``. The other arguments are MLflow's, and not needed.
        """
        classes = self.facts["classes"]
        return [
            {"class": classes[int(row.argmax())], "probabilities": dict(zip(classes, row.tolist(), strict=True))}
            for row in self.probabilities(self._checked(model_input))
        ]

    def _checked(self, values: Any) -> NDArray[np.float32]:
        pixels = self.facts.get("pixels", _BYTES)
        return check_images(values, tuple(self.facts["image_shape"]), pixels["lowest"], pixels["highest"])

    def probabilities(self, images: NDArray[Any], batch_size: int = 2048) -> NDArray[np.float32]:
        """Return float32 (n, classes) for images (n, *image_shape) of raw pixels."""
        starts = range(0, len(images), batch_size)
        batches = [images[start : start + batch_size].astype(np.float32) for start in starts]
        if self._estimator is None:
            probabilities = np.concatenate([np.asarray(self._model(batch, training=False)) for batch in batches])
        else:
            probabilities = np.zeros((len(images), len(self.facts["classes"])), np.float32)
            flat = [self._estimator.predict_proba(batch.reshape(len(batch), -1)) for batch in batches]
            probabilities[:, self._estimator.classes_] = np.concatenate(flat)
        temperature = self.facts.get("temperature")
        return probabilities if temperature is None else scaled(probabilities, temperature)


def scaled(probabilities: NDArray[np.float32], temperature: float) -> NDArray[np.float32]:
    """Return probabilities (n, classes) after temperature scaling, which changes no answer."""
    logs = np.log(np.maximum(probabilities.astype(np.float64), _LEAST)) / temperature
    weights = np.exp(logs - logs.max(axis=1, keepdims=True))
    return np.asarray(weights / weights.sum(axis=1, keepdims=True), np.float32)


def check_images(
    values: Any, image_shape: tuple[int, ...], lowest: float = 0, highest: float = 255
) -> NDArray[np.float32]:
    """Return ``values`` as float32 (n, *image_shape).

    Raises:
        RefusedError: they are no images of that shape, or not all numbers from ``lowest`` to ``highest``.
    """
    rule = f"pixels must be numbers from {lowest:g} to {highest:g}"
    # As objects: NumPy would make numbers of booleans and texts, and refuse lists of different lengths unclearly.
    array = np.array(values, dtype=object)
    if not array.size:
        raise RefusedError(f"{_form(image_shape)}, got none")
    for wrong in _no_numbers(array.flat):
        raise RefusedError(f"{rule}, got {json.dumps(wrong)[:_SHOWN]}")
    ragged = any(isinstance(value, list) for value in array.flat)
    if ragged or array.shape[1:] != image_shape:
        raise RefusedError(f"{_form(image_shape)}, got {'lists of different lengths' if ragged else array.shape}")
    # Compared before they become floats, which the largest of JSON's whole numbers cannot.
    with np.errstate(invalid="ignore"):  # NaN is neither, which is what is asked
        inside = (array >= lowest) & (array <= highest)
    for outside in array[~inside]:
        raise RefusedError(f"{rule}, got {json.dumps(outside)[:_SHOWN]}")
    return array.astype(np.float32)


def _no_numbers(values: Iterable[Any]) -> Iterable[Any]:
    """Yield the values that are no numbers; lists, as rows of different lengths come, are looked through."""
    for value in values:
        if isinstance(value, list):
            yield from _no_numbers(value)
        elif type(value) not in {int, float}:  # a bool is an int by inheritance
            yield value


def _form(image_shape: tuple[int, ...]) -> str:
    return f"must be a list of images, each {' x '.join(map(str, image_shape))} numbers"


set_model(Served())
