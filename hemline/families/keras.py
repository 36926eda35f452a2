"""The family ``keras``: a function of the user's own that returns a Keras model, trained by the compiled trainer.

``build: my_models:small_cnn`` names the function ``small_cnn`` of the module ``my_models``, at the top of the
repository or in ``builders/``. Called with the shape of an image, the number of classes and the variant's
``settings``, it returns an uncompiled model of Keras's own layers that ends with probabilities. Equal digits are
promised for one machine.
"""

import ast
import hashlib
import sys
import threading
from collections.abc import Iterator, Sequence
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

from pydantic import AfterValidator, Field

import hemline
from hemline.errors import InputError
from hemline.families.dense import check_batch_size
from hemline.families.family import TRAINED_SPACE, FamilySettings, Learner, NetworkFamily, Task
from hemline.families.hyperparameters import Optimizer, Positive
from hemline.families.space import Space
from hemline.schema import Count, read_yaml

if TYPE_CHECKING:
    from hemline.training.learner import NetworkLearner
    from hemline.training.tensorflow import keras

Value = bool | int | float | str | list[Any] | dict[str, Any] | None
FOLDER = "builders"
# Keras's global seed is shared between threads: one builds at a time.
_BUILDING = threading.Lock()
_SUM = 1e-3  # probabilities of an image must sum to one within this


def _check_build(build: str) -> str:
    module, separator, function = build.partition(":")
    if not separator or not all(part.isidentifier() for part in [*module.split("."), function]):
        raise ValueError("must be a module and a function, such as my_models:small_cnn")
    return build


class KerasSettings(FamilySettings):
    """A function that builds a model, and how the model is trained."""

    build: Annotated[str, AfterValidator(_check_build)]
    settings: dict[str, Value] = Field(default_factory=dict)
    epochs: Count = 5
    batch_size: Count = 32
    optimizer: Optimizer = "adam"
    learning_rate: Positive = 0.001
    stop_below_loss: Positive | None = None
    family: Literal["keras"]


class Keras(NetworkFamily):
    """Models of the user's own."""

    settings: ClassVar[type[FamilySettings]] = KerasSettings
    any_layers = True

    def space(self, settings: KerasSettings) -> Space:  # noqa: ARG002 - the same for all
        """Return learning rate, batch size and epochs."""
        return TRAINED_SPACE

    def check(self, settings: KerasSettings, images: int) -> None:
        """Refuse a function that is missing, and one whose edits DVC would not notice.

        Raises:
            InputError: it is so.
        """
        check_batch_size(settings.batch_size, images)
        file, function = _file_of(settings.build)
        names = [node.name for node in ast.parse(file.read_text()).body if isinstance(node, ast.FunctionDef)]
        if function not in names:
            raise InputError(f"build: must name a function of {file.name}, which has {names}, got {settings.build}")
        known = read_yaml(_top() / "dvc.yaml")["stages"]["check"]["deps"]
        for each in sorted(_needed(file)):
            name = each.relative_to(_top()).as_posix()
            if not any(name == dependency or name.startswith(f"{dependency}/") for dependency in known):
                rule = f"its edits must train again: move it to {FOLDER}/, or add it to the deps of `check` in dvc.yaml"
                raise InputError(f"build: {name}: {rule}, got {settings.build}")

    def sources(self, settings: KerasSettings) -> dict[str, str]:
        """Return the digests of the module and of those modules of the repository that it imports."""
        files = sorted(_needed(_file_of(settings.build)[0]))
        return {each.relative_to(_top()).as_posix(): hashlib.sha256(each.read_bytes()).hexdigest() for each in files}

    def learner(self, settings: KerasSettings, task: Task) -> Learner:
        """Return the trainer of the model: compiled, where XLA has the operations of its layers.

        Raises:
            InputError: the function is missing, raises, or returns no suitable model; or as ``Family.learner``.
        """
        from hemline.training.learner import NetworkLearner, open_data
        from hemline.training.tensorflow import tf

        data = open_data(task.data, task.digests, record_test=task.record_test)
        network = BuiltNetwork(settings, data.train.images.shape[1:], data.n_classes, task.variant)

        def learner(*, compiled: bool) -> "NetworkLearner":
            return NetworkLearner(task.variant, settings, data, network, compiled=compiled)

        try:
            compiled = learner(compiled=True)
            compiled.check_compiles()
        except (tf.errors.OpError, NotImplementedError) as error:
            said = str(error).splitlines()[0][:120]
            print(f"{task.variant}: trained without XLA, which cannot compile it ({said})", flush=True)
            return learner(compiled=False)
        return compiled


class BuiltNetwork:
    """The model that a user's function builds, after checks."""

    def __init__(self, settings: KerasSettings, shape: tuple[int, ...], n_classes: int, variant: str) -> None:
        self._settings = settings
        self._check(self.build(shape, n_classes, 0, variant), shape, n_classes)

    def build(self, image_shape: tuple[int, ...], n_classes: int, seed: int, name: str) -> "keras.Model":
        """Return an untrained model; all randomness comes from ``seed``.

        Raises:
            InputError: the function cannot be imported, raises, or returns something else than a model.
        """
        from hemline.training.tensorflow import keras

        with _BUILDING:
            function = _load(self._settings.build)
            keras.utils.set_random_seed(seed)
            # Names that Keras gives to layers count those of this thread: from none again, as in a process of its own.
            keras.src.backend.common.global_state.set_global_attribute("object_name_uids", None)
            try:
                model = function(image_shape, n_classes, self._settings.settings)
                if isinstance(model, keras.Model) and not model.built:
                    model.build((None, *image_shape))
            except Exception as error:
                raise self._wrong(f"raised {type(error).__name__}: {error}") from error
        if not isinstance(model, keras.Model):
            raise self._wrong(f"must return a keras.Model, got {type(model).__name__}")
        model.name = name
        return model

    def graph(self, image_shape: tuple[int, ...], n_classes: int, name: str) -> "keras.Model":
        """Return the same: its layers compute as they are."""
        return self.build(image_shape, n_classes, 0, name)

    def split(self, weights: Sequence[Any]) -> list[Any]:
        """Return the weights as they are."""
        return list(weights)

    def merge(self, parts: Sequence[Any], shapes: Sequence[tuple[int, ...]]) -> list[Any]:
        """Return the weights in their shapes."""
        from hemline.training.tensorflow import tf

        return [tf.reshape(part, shape) for part, shape in zip(parts, shapes, strict=True)]

    def finish(self, model: "keras.Model", others: Sequence[Any]) -> None:
        """Give the model what its layers keep besides weights, such as the moving means of a normalization."""
        for variable, value in zip(model.non_trainable_variables, others, strict=True):
            variable.assign(value)

    def _check(self, model: "keras.Model", shape: tuple[int, ...], n_classes: int) -> None:
        import numpy as np

        foreign = [type(each).__name__ for each in model.layers if not type(each).__module__.startswith("keras.")]
        if foreign:
            raise self._wrong(f"must use Keras's own layers, which saved models can hold, got {foreign[0]}")
        if tuple(model.input_shape[1:]) != shape:
            raise self._wrong(f"must return a model for images {shape}, got one for {tuple(model.input_shape[1:])}")
        if tuple(model.output_shape[1:]) != (n_classes,):
            raise self._wrong(f"must return {n_classes} outputs, one for each class, got {model.output_shape[1:]}")
        noise = np.random.default_rng(0).random((2, *shape), np.float32)
        answers = np.asarray(model(noise, training=False))
        if not (np.all(answers >= 0) and np.all(np.abs(answers.sum(axis=1) - 1) < _SUM)):
            raise self._wrong("must end with probabilities: give the last layer activation='softmax'")

    def _wrong(self, rule: str) -> InputError:
        return InputError(f"build: {self._settings.build}: {' '.join(rule.split())[:300]}")


def _top() -> Path:
    return Path(hemline.__file__).parent.parent


def _file_of(build: str) -> tuple[Path, str]:
    """Return the file and the function that ``build`` names.

    Raises:
        InputError: there is no such file.
    """
    module, _, function = build.partition(":")
    file = _find(module)
    if file is None:
        places = f"{module.replace('.', '/')}.py at the top of the repository or in {FOLDER}/"
        raise InputError(f"build: must name a module of the repository, {places}, got {build}")
    return file, function


def _find(module: str) -> Path | None:
    path = Path(*module.split(".")).with_suffix(".py")
    return next((place / path for place in (_top(), _top() / FOLDER) if (place / path).is_file()), None)


def _needed(file: Path) -> set[Path]:
    """Return a file and the modules of the repository that it imports, but for Hemline's own."""
    found, waiting = set[Path](), [file]
    while waiting:
        each = waiting.pop()
        if each not in found:
            found.add(each)
            waiting += [path for name in _imports(each) if (path := _find(name))]
    return found


def _imports(file: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield from (node.module, *(f"{node.module}.{alias.name}" for alias in node.names))


def _load(build: str) -> Any:
    file, function = _file_of(build)
    place = str(_top() / FOLDER if file.is_relative_to(_top() / FOLDER) else _top())
    if place not in sys.path:
        sys.path.append(place)
    try:
        return getattr(import_module(build.partition(":")[0]), function)
    except Exception as error:
        raise InputError(f"build: {build}: cannot be imported: {type(error).__name__}: {error}") from error


FAMILY = Keras()
