"""The protocol of a model family: settings, and how they and the data become a trained model.

To add a family, write a module of this package with a class of settings, a ``Learner``, and a ``Family`` by the name
``FAMILY``; ``variants.<name>.family`` in ``params.yaml`` is then the module's name, with hyphens. Such a module imports
NumPy, TensorFlow or scikit-learn inside functions only: whoever reads ``params.yaml`` imports all of them.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple, Protocol

from pydantic import model_validator

from hemline.families.space import Range, Space
from hemline.schema import StrictModel

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from hemline.data.normalized import Normalized
    from hemline.training.resume import Arrays, Row, TrainingState
    from hemline.training.served import ServedModel


class FamilySettings(StrictModel):
    """All settings of a variant; what its mapping leaves out, or sets to null, is as at the top level."""

    @model_validator(mode="before")
    @classmethod
    def _drop_nulls(cls, values: Any) -> Any:
        if not isinstance(values, dict):
            return values
        return {key: value for key, value in values.items() if value is not None or not cls._has_value(key)}

    @classmethod
    def _has_value(cls, key: Any) -> bool:
        """Return whether a key has a default, and one that is not null: then null means this default."""
        known = cls.model_fields.get(key) if isinstance(key, str) else None
        return known is not None and not known.is_required() and known.default is not None


class Task(NamedTuple):
    """The data that a variant learns from."""

    variant: str  # the variant's name, which models are given
    data: "Normalized"  # the folder of the normalize stage
    # SHA-256 of those of its files that a training reads, by name: what is kept in memory is known by them
    digests: Mapping[str, str]
    record_test: bool = False  # whether loss and accuracy on the test set are recorded as well
    concurrent_trainings: int = 1  # how many trainings share the memory of this machine, itself included


class FitCallbacks(NamedTuple):
    """Functions that a training calls, from its own thread; what they raise ends it."""

    # is given the metrics of each epoch: ``epoch``, ``loss``, ``accuracy``, ``val_loss``, ``val_accuracy``; a
    # family without epochs calls it once, with those of the trained model
    epoch: Callable[["Row"], None]
    # is called where a training can be resumed, with a function that returns its state
    checkpoint: Callable[[Callable[[], "Arrays"]], None]


class FittedModel(Protocol):
    """A trained model."""

    def predict(self, images: "NDArray[Any]") -> "NDArray[np.float32]":
        """Return the probabilities (n, classes) of ``images`` (n, h, w) or (n, h, w, channels) as normalize wrote them.

        Their bits depend on nothing but the model and the images.
        """

    def content(self) -> bytes:
        """Return the file that the stage writes: its bytes depend on the model alone."""

    def served(self) -> "ServedModel":
        """Return the model as it is recorded and served: it takes raw pixels."""

    def describe(self) -> list[dict[str, Any]]:
        """Return a row per layer or part of the model: layer, type, output_shape, parameters."""

    def notes(self) -> list[str]:
        """Return sentences for the page about how this model came about; usually none."""


class Learner(Protocol):
    """One variant's settings and data, made ready once for all of its seeds."""

    def fit(self, seed: int, callbacks: FitCallbacks, after: "TrainingState | None" = None) -> FittedModel:
        """Train.

        Args:
            seed: determines everything random.
            callbacks: receive epochs and states.
            after: an earlier training with this seed to resume; both ways end with equal bytes.

        Raises:
            InputError: the settings do not suit the data.
        """


class Family(ABC):
    """A kind of model."""

    settings: ClassVar[type[FamilySettings]]  # the class of a variant's settings; has a field ``family``
    # whether the same bytes are promised on every processor, or on one machine only
    same_everywhere: ClassVar[bool] = False
    suffix: ClassVar[str] = ".keras"  # of the file of a model

    @abstractmethod
    def learner(self, settings: Any, task: Task) -> Learner:
        """Return what trains models by ``settings`` on the data of ``task``.

        Raises:
            InputError: the data is missing or damaged, or does not suit the settings; or memory is short.
        """

    @abstractmethod
    def serve(self, path: Path, scale: float) -> "ServedModel":
        """Return the model of a file that the stage wrote, as ``FittedModel.served`` does.

        Args:
            path: of the file.
            scale: that pixels were divided by.

        Raises:
            InputError: it is missing or damaged.
        """

    def prepare(self) -> None:  # noqa: B027 - most families have nothing to prepare
        """Import what training needs, in a thread, while the stage looks at its data."""

    def device(self) -> AbstractContextManager[object]:
        """Return a context in which a thread trains and predicts alone."""
        return nullcontext()

    def check(self, settings: Any, images: int) -> None:  # noqa: B027 - most families have nothing to check
        """Refuse settings that are valid by themselves, but name something that is missing or do not suit the data.

        Args:
            settings: of a variant.
            images: how many there are to train on.

        Raises:
            InputError: key, rule, value and remedy; without the variant's name.
        """

    def sources(self, settings: Any) -> dict[str, str]:  # noqa: ARG002 - most families have none
        """Return what else determines a variant's models, by name: digests of further files, versions of libraries."""
        return {}

    def seeds(self, settings: Any, seeds: Sequence[int]) -> list[int]:  # noqa: ARG002 - most families use all
        """Return those of ``seeds`` to train with: the first alone where no seed changes the result."""
        return list(seeds)

    def linear(self, settings: Any) -> str:  # noqa: ARG002 - most models are none
        """Return how a linear model comes about, "solved" or "trained"; "" for other models."""
        return ""

    def space(self, settings: Any) -> Space:  # noqa: ARG002 - most families declare none
        """Return the settings that a search varies, and their values; none where there is nothing to search."""
        return {}

    def has_epochs(self, settings: Any) -> bool:
        """Say whether more epochs could change a model; a family without them is as good as its settings allow."""
        return hasattr(settings, "epochs")

    def epochs(self, settings: Any) -> int:
        """Return how many epochs a training reports at most."""
        return int(getattr(settings, "epochs", 1))

    def shown(self, settings: Any) -> dict[str, Any]:
        """Return the settings that a table shows, by key: those that change the models, and the family."""
        values: dict[str, Any] = settings.model_dump()
        return values

    def label(self, settings: Any, variant: str) -> str:  # noqa: ARG002 - most families need none
        """Return the part of a run's name for the architecture, or "" where the variant's name says it."""
        return ""

    def seconds(self, settings: Any, images: int, pixels: int, classes: int) -> float:  # noqa: ARG002 - a guess
        """Estimate the seconds of one training on one core."""
        return 2e-8 * images * pixels * classes


# Learning rates around those that optimizers are published with; batches and epochs that cost no more than four times
# those of the default settings.
TRAINED_SPACE: Space = {
    "learning_rate": Range(low=1e-4, high=1e-2, log=True),
    "batch_size": [32, 64, 128],
    "epochs": [5, 10, 20],
}


class NetworkFamily(Family):
    """A family whose models are Keras models, computed by TensorFlow."""

    any_layers: ClassVar[bool] = False  # whether a model may have other layers than networks of dense layers have

    def prepare(self) -> None:
        """Import TensorFlow."""
        import hemline.training.learner  # noqa: F401

    def device(self) -> AbstractContextManager[object]:
        """Return a CPU device of one thread."""
        from hemline.training.tensorflow import own_device

        return own_device()

    def serve(self, path: Path, scale: float) -> "ServedModel":
        """Return the network of a file behind a layer that scales raw pixels.

        Raises:
            InputError: the file is missing, damaged, or no network of this family.
        """
        from hemline.training.model import load_model, served_network

        return served_network(load_model(path, any_layers=self.any_layers), scale)
