"""A variant's settings, the shape of the images and the number of classes -> a Keras model, and its file."""

import json
import re
import zipfile
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from hemline.errors import InputError, first_line
from hemline.training.archive import check_archive
from hemline.training.dense import BlockedDense, merge_kernels, split_kernels
from hemline.training.dropout import FastDropout
from hemline.training.served import Interface, ServedModel
from hemline.training.settings import DenseNetwork
from hemline.training.tensorflow import keras

# The earliest time that a zip archive can hold; any fixed one would do.
_FIXED_TIME = (1980, 1, 1, 0, 0, 0)


class Layers(NamedTuple):
    """The classes that a network is made of."""

    dense: type[keras.Layer] = keras.layers.Dense
    dropout: type[keras.Layer] = keras.layers.Dropout


KERAS_LAYERS = Layers()


class Network(Protocol):
    """The construction of a model for the compiled trainer, and the form of its weights during training."""

    def build(self, image_shape: tuple[int, ...], n_classes: int, seed: int, name: str) -> keras.Model:
        """Return an untrained model, as it is saved."""

    def graph(self, image_shape: tuple[int, ...], n_classes: int, name: str) -> keras.Model:
        """Return a model that computes the same, with weights as ``split`` gives them."""

    def split(self, weights: Sequence[Any]) -> list[Any]:
        """Return the weights of ``build``'s model, tensors, as those of ``graph``'s."""

    def merge(self, parts: Sequence[Any], shapes: Sequence[tuple[int, ...]]) -> list[Any]:
        """Undo ``split``; ``shapes`` are those of the weights."""

    def finish(self, model: keras.Model, others: Sequence[Any]) -> None:
        """Give a trained model what its layers keep besides weights."""


class DenseLayers:
    """A network of dense layers, whose products are computed in blocks."""

    def __init__(self, settings: DenseNetwork) -> None:
        self._settings = settings

    def build(self, image_shape: tuple[int, ...], n_classes: int, seed: int, name: str) -> keras.Sequential:
        """Return an untrained network of Keras's own layers."""
        return build_model(self._settings, image_shape, n_classes, seed, name)

    def graph(self, image_shape: tuple[int, ...], n_classes: int, name: str) -> keras.Sequential:
        """Return the same of layers that compute in blocks."""
        layers = Layers(BlockedDense, FastDropout)
        return build_model(self._settings, image_shape, n_classes, 0, name, layers=layers)

    def split(self, weights: Sequence[Any]) -> list[Any]:
        """Return kernels in blocks of rows."""
        return split_kernels(weights)

    def merge(self, parts: Sequence[Any], shapes: Sequence[tuple[int, ...]]) -> list[Any]:
        """Undo ``split``."""
        return merge_kernels(parts, shapes)

    def finish(self, model: keras.Model, others: Sequence[Any]) -> None:
        """Do nothing: dense networks keep random states only, and saved ones are those of a new network."""


def build_model(
    training: DenseNetwork,
    image_shape: tuple[int, ...],
    n_classes: int,
    seed: int,
    name: str,
    *,
    layers: Layers = KERAS_LAYERS,
) -> keras.Sequential:
    """Return an untrained dense network: images (h, w) or (h, w, c), float32 -> ``n_classes`` probabilities.

    All randomness (initial weights, dropout) comes from ``seed``; Keras's global seed is shared between threads, and
    is left alone. Models that are saved have Keras's own layers.
    """
    seeds = iter(np.random.SeedSequence(seed).generate_state(2 * len(training.hidden) + 1).tolist())

    def dense(units: int, activation: str, layer_name: str) -> keras.Layer:
        initializer = keras.initializers.GlorotUniform(seed=next(seeds))
        return layers.dense(units, activation=activation, kernel_initializer=initializer, name=layer_name)

    stack: list[keras.Layer] = [keras.Input(image_shape, name="image"), keras.layers.Flatten(name="flatten")]
    for number, units in enumerate(training.hidden, start=1):
        stack.append(dense(units, training.activation, f"dense-{number}"))
        dropout_seed = next(seeds)
        if training.dropout:
            stack.append(layers.dropout(training.dropout, seed=dropout_seed, name=f"dropout-{number}"))
    stack.append(dense(n_classes, "softmax", "probabilities"))
    return keras.Sequential(stack, name=name)


def served_network(model: keras.Model, scale: float) -> ServedModel:
    """Return the file of ``serving_model(model, scale)``, and what it takes and returns."""
    interface = Interface(model.name, tuple(model.input_shape[1:]), model.output_shape[1])
    return ServedModel(content_of(serving_model(model, scale)), interface)


def serving_model(model: keras.Model, scale: float) -> keras.Sequential:
    """Return ``model`` behind a layer that scales: it takes raw pixels (0-255, any numeric dtype cast to float32).

    What is served can then not be fed differently from what was trained.
    """
    raw = keras.Input(model.input_shape[1:], name="image")
    scaled = keras.layers.Rescaling(1 / scale, name="scale")
    # A model of a user's own may have branches: it is one layer then.
    layers = model.layers if isinstance(model, keras.Sequential) else [model]
    return keras.Sequential([raw, scaled, *layers], name=model.name)


def save_model(model: keras.Model, path: Path) -> None:
    """Write ``model`` as a ``.keras`` archive whose bytes depend on nothing but the model.

    Keras stores the time of saving and addresses in memory, and zip the time of each member; all are rewritten.
    """
    draft = path.with_name(f".{path.stem}.draft.keras")
    model.save(draft)
    rewritten = path.with_name(f".{path.stem}.rewritten.keras")
    with zipfile.ZipFile(draft) as source, zipfile.ZipFile(rewritten, "w") as target:
        for name in sorted(source.namelist()):
            target.writestr(zipfile.ZipInfo(name, _FIXED_TIME), _without_chance(name, source.read(name)))
    draft.unlink()
    rewritten.replace(path)


def content_of(model: keras.Model) -> bytes:
    """Return the bytes of the file that ``save_model`` writes."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "model.keras"
        save_model(model, path)
        return path.read_bytes()


def _without_chance(name: str, content: bytes) -> bytes:
    if name == "metadata.json":
        return json.dumps(json.loads(content) | {"date_saved": "1980-01-01@00:00:00"}).encode()
    if name == "config.json":
        # Shared objects are identified by addresses: replaced by numbers in order of appearance.
        numbers: dict[bytes, bytes] = {}
        return re.sub(
            rb'(?<="shared_object_id": )\d+',
            lambda match: numbers.setdefault(match[0], str(len(numbers) + 1).encode()),
            content,
        )
    return content


def load_model(path: Path, *, any_layers: bool = False) -> keras.Model:
    """Return the model that ``save_model`` wrote to ``models/<variant>/``, dense or of ``any_layers`` of Keras's.

    Raises:
        InputError: it is missing or damaged, or no network of this pipeline.
    """
    try:
        check_archive(path, any_layers=any_layers)
        return keras.saving.load_model(path, compile=False, safe_mode=True)
    except FileNotFoundError:
        rule = "no such file"
    except Exception as error:  # noqa: BLE001 - what Keras and HDF5 raise of damaged weights is of many kinds
        rule = f"is damaged: {first_line(error)}"
    raise InputError(f"{path}: {rule}; run `dvc repro train@{path.parent.name}`")


def predict(model: keras.Model, images: NDArray[np.float32], batch_size: int = 2048) -> NDArray[np.float32]:
    """Return the probabilities (n, classes), float32, of ``images`` (n, h, w) or (n, h, w, c)."""
    starts = range(0, len(images), batch_size)
    return np.concatenate([np.asarray(model(images[start : start + batch_size], training=False)) for start in starts])


def describe_layers(model: keras.Model) -> list[dict[str, Any]]:
    """Return a row per layer, as ``model.summary()`` shows: layer, type, output_shape, parameters."""
    return [
        {
            "layer": layer.name,
            "type": type(layer).__name__,
            "output_shape": ", ".join(str(size) for size in layer.output.shape[1:]),
            "parameters": layer.count_params(),
        }
        for layer in model.layers
    ]
