"""The family ``scikit-learn``: a classifier of scikit-learn with probabilities, fitted to flattened, scaled images.

Models are saved by skops, without pickle. Equal digits are promised for one machine.
"""

import io
import json
import re
import zipfile
from contextlib import AbstractContextManager
from importlib import import_module
from importlib.metadata import version
from inspect import isclass, signature
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

from pydantic import AfterValidator, Field

from hemline.errors import InputError, first_line
from hemline.families.family import Family, FamilySettings, FitCallbacks, Task

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

    from hemline.training.resume import TrainingState
    from hemline.training.served import ServedModel

Value = bool | int | float | str | list[Any] | None
# The arguments that the pipeline sets itself, and why.
_OWN = {
    "random_state": "is no setting here: it is the variant's seed; remove it",
    "n_jobs": "is no setting here: it is 1, because seeds are trained side by side; remove it",
}
# Members of a skops archive have the time of saving, and objects their addresses; both are replaced.
_FIXED_TIME = (1980, 1, 1, 0, 0, 0)
_ABOUT = "hemline.json"
_STEP = 4096  # images that are predicted at once


def _check_name(name: str) -> str:
    if not re.fullmatch(r"sklearn(\.[a-z_][a-z0-9_]*)+\.[A-Z][A-Za-z0-9]*", name):
        raise ValueError("must be a classifier of scikit-learn by its full name, such as sklearn.svm.SVC")
    return name


class ScikitLearnSettings(FamilySettings):
    """A classifier, and the arguments that it is made with."""

    estimator: Annotated[str, AfterValidator(_check_name)]
    settings: dict[str, Value] = Field(default_factory=dict)
    family: Literal["scikit-learn"]


class ScikitLearn(Family):
    """Classifiers of scikit-learn."""

    settings: ClassVar[type[FamilySettings]] = ScikitLearnSettings
    suffix = ".skops"

    def device(self) -> AbstractContextManager[object]:
        """Return a context in which linear algebra uses one thread: their number changes digits."""
        from threadpoolctl import threadpool_limits

        limits: AbstractContextManager[object] = threadpool_limits(1)
        return limits

    def check(self, settings: ScikitLearnSettings, images: int) -> None:  # noqa: ARG002 - any number will do
        """Refuse what is no classifier, gives no probabilities, or does not take its settings.

        Raises:
            InputError: it is so.
        """
        make_estimator(settings, seed=0)

    def sources(self, settings: ScikitLearnSettings) -> dict[str, str]:  # noqa: ARG002 - the same for all
        """Return the version of scikit-learn."""
        return {"scikit-learn": version("scikit-learn")}

    def seeds(self, settings: ScikitLearnSettings, seeds: "Sequence[int]") -> list[int]:
        """Return all seeds for a classifier with a random state, the first alone for others."""
        return list(seeds) if _takes(settings, "random_state") else list(seeds[:1])

    def learner(self, settings: ScikitLearnSettings, task: Task) -> "EstimatorLearner":
        """Return what fits the classifier.

        Raises:
            InputError: as ``Family.learner``.
        """
        return EstimatorLearner(settings, task)

    def serve(self, path: Path, scale: float) -> "ServedModel":  # noqa: ARG002 - the file divides raw pixels by it
        """Return the file as it is: it takes raw pixels.

        Raises:
            InputError: it is missing or damaged.
        """
        from hemline.training.served import Interface, ServedModel

        try:
            content = path.read_bytes()
            with zipfile.ZipFile(io.BytesIO(content)) as archive:
                name, shape, n_classes = json.loads(archive.read(_ABOUT))
        except (OSError, zipfile.BadZipFile, KeyError, ValueError) as error:
            rule = "no such file" if isinstance(error, FileNotFoundError) else f"is damaged: {error}"
            raise InputError(f"{path}: {rule}; run `dvc repro train@{path.parent.name}`") from None
        return ServedModel(content, Interface(name, tuple(shape), n_classes), self.suffix)

    def seconds(self, settings: ScikitLearnSettings, images: int, pixels: int, classes: int) -> float:  # noqa: ARG002
        """Estimate the seconds of one training: those of a forest of 100 trees."""
        return 2e-6 * images * pixels


def make_estimator(settings: ScikitLearnSettings, seed: int) -> Any:
    """Return the classifier, not fitted.

    Raises:
        InputError: there is none of this name, it gives no probabilities, or does not take its settings.
    """
    kind, where = _class_of(settings), "settings"
    if own := next((key for key in settings.settings if key in _OWN), None):
        raise InputError(f"{where}.{own}: {_OWN[own]}, got {settings.settings[own]!r}")
    known = signature(kind.__init__).parameters
    if unknown := next((key for key in settings.settings if key not in known), None):
        rule = f"is no argument of {kind.__name__}; remove it or correct its spelling"
        raise InputError(f"{where}.{unknown}: {rule}, got {settings.settings[unknown]!r}")
    estimator = kind(**settings.settings, **({"random_state": seed} if "random_state" in known else {}))
    try:
        estimator._validate_params()  # noqa: SLF001 - what `fit` calls first
    except ValueError as error:
        raise InputError(f"{where}: {' '.join(str(error).split())}") from None
    if not hasattr(estimator, "predict_proba"):
        rule = "must give probabilities (predict_proba), which the comparison needs"
        raise InputError(f"estimator: {rule}, got {settings.estimator}; CalibratedClassifierCV or another kind may do")
    return estimator


def _class_of(settings: ScikitLearnSettings) -> Any:
    from sklearn.base import BaseEstimator, ClassifierMixin

    module, _, name = settings.estimator.rpartition(".")
    try:
        kind = getattr(import_module(module), name)
    except (ImportError, AttributeError):
        rule = f"must be a classifier of scikit-learn {version('scikit-learn')}, by its full name"
        raise InputError(f"estimator: {rule}, got {settings.estimator}") from None
    if not (isclass(kind) and issubclass(kind, BaseEstimator) and issubclass(kind, ClassifierMixin)):
        raise InputError(f"estimator: must be a classifier, got {settings.estimator}")
    needs = [key for key, each in signature(kind.__init__).parameters.items() if each.default is each.empty]
    if set(needs) & {"estimator", "estimators"}:
        raise InputError(f"estimator: must not be made of other estimators, got {settings.estimator}")
    return kind


def _takes(settings: ScikitLearnSettings, argument: str) -> bool:
    return argument in signature(_class_of(settings).__init__).parameters


class EstimatorLearner:
    """Fits one classifier, for any number of seeds."""

    def __init__(self, settings: ScikitLearnSettings, task: Task) -> None:
        import numpy as np

        self._settings, self._variant = settings, task.variant
        data, about = task.data, task.data.about()
        self._scale, self._n_classes = about.scale, len(about.classes)
        names = {"": "train", "val_": "validation"} | ({"test_": "test"} if task.record_test else {})
        sets = {prefix: data.read(name) for prefix, name in names.items()}
        self._shape = sets[""].images.shape[1:]
        self._sets = {
            prefix: (flat(each.images, self._scale), np.asarray(each.labels))
            for prefix, each in sets.items()
            if len(each.labels)
        }

    def fit(self, seed: int, callbacks: FitCallbacks, after: "TrainingState | None" = None) -> "EstimatorModel":  # noqa: ARG002 - it has no middle
        """Fit with ``seed``; loss and accuracy are reported once.

        Raises:
            InputError: the classifier refuses the data.
        """
        estimator = make_estimator(self._settings, seed)
        try:
            estimator.fit(*self._sets[""])
        except (ValueError, MemoryError) as error:
            said = first_line(error)
            raise InputError(f"{self._variant}, seed {seed}: {self._settings.estimator}: {said}") from None
        model = EstimatorModel(estimator, self._variant, self._shape, self._n_classes, self._scale)
        metrics: dict[str, int | float] = {"epoch": 1}
        for prefix, (pixels, labels) in self._sets.items():
            metrics |= model.score(prefix, pixels, labels)
        callbacks.epoch(metrics)
        return model


class EstimatorModel:
    """A fitted classifier."""

    def __init__(self, estimator: Any, variant: str, shape: tuple[int, ...], n_classes: int, scale: float) -> None:
        self._estimator, self._variant, self._shape = estimator, variant, shape
        self._n_classes, self._scale = n_classes, scale

    def predict(self, images: "NDArray[Any]") -> "NDArray[np.float32]":
        """Return the probabilities (n, classes); 0 for classes without training images."""
        import numpy as np

        starts = range(0, len(images), _STEP)
        parts = [self._probabilities(flat(images[start : start + _STEP], self._scale)) for start in starts]
        return np.concatenate(parts) if parts else np.empty((0, self._n_classes), np.float32)

    def score(self, prefix: str, pixels: "NDArray[np.float32]", labels: "NDArray[np.integer]") -> dict[str, float]:
        """Return loss and accuracy on a set of flattened, scaled images."""
        import numpy as np
        from sklearn.metrics import log_loss

        starts = range(0, len(pixels), _STEP)
        predicted = np.concatenate([self._probabilities(pixels[start : start + _STEP]) for start in starts])
        predicted = predicted.astype(np.float64)
        predicted /= predicted.sum(axis=1, keepdims=True)
        loss = float(log_loss(labels, predicted, labels=range(self._n_classes)))
        return {f"{prefix}loss": loss, f"{prefix}accuracy": float((predicted.argmax(axis=1) == labels).mean())}

    def content(self) -> bytes:
        """Return its skops file, which takes flattened raw pixels."""
        from sklearn.pipeline import Pipeline
        from skops.io import dumps

        pipeline = Pipeline([("scale", self._scaler()), ("classifier", self._estimator)])
        about = json.dumps([self._variant, self._shape, self._n_classes])
        return _without_chance(dumps(pipeline), about)

    def served(self) -> "ServedModel":
        """Return the same: the file takes raw pixels."""
        from hemline.training.served import Interface, ServedModel

        return ServedModel(self.content(), Interface(self._variant, self._shape, self._n_classes), ScikitLearn.suffix)

    def describe(self) -> list[dict[str, Any]]:
        """Return one row, with the number of values in the arrays that the classifier keeps."""
        kind, outputs = type(self._estimator).__name__, str(self._n_classes)
        return [{"layer": "classifier", "type": kind, "output_shape": outputs, "parameters": _values(self.content())}]

    def notes(self) -> list[str]:
        """Return nothing."""
        return []

    def _probabilities(self, pixels: "NDArray[np.float32]") -> "NDArray[np.float32]":
        import numpy as np

        probabilities = np.zeros((len(pixels), self._n_classes), np.float32)
        probabilities[:, self._estimator.classes_] = self._estimator.predict_proba(pixels)
        return probabilities

    def _scaler(self) -> Any:
        """Return a fitted scaler that divides by the scale and does nothing else."""
        import numpy as np
        from sklearn.preprocessing import StandardScaler

        pixels = int(np.prod(self._shape))
        scaler = StandardScaler(with_mean=False)
        scaler.scale_, scaler.var_ = np.full(pixels, float(self._scale)), np.full(pixels, float(self._scale) ** 2)
        scaler.n_features_in_, scaler.n_samples_seen_, scaler.mean_ = pixels, 1, np.zeros(pixels)
        return scaler


def flat(images: "NDArray[Any]", scale: float) -> "NDArray[np.float32]":
    """Return images (n, ...) as float32 (n, pixels), divided by ``scale``."""
    import numpy as np

    scaled: NDArray[np.float32] = np.divide(images.reshape(len(images), -1), np.float32(scale), dtype=np.float32)
    return scaled


def _without_chance(content: bytes, about: str) -> bytes:
    """Return a skops archive whose bytes depend on the model alone, with what is known of it without loading it."""
    rewritten = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(content)) as source,
        zipfile.ZipFile(rewritten, "w", zipfile.ZIP_DEFLATED) as target,
    ):
        schema = source.read("schema.json").decode()
        numbers: dict[str, str] = {}
        for address in re.findall(r'"__id__": (\d+)', schema) + re.findall(r'"(\d+)\.npy"', schema):
            numbers.setdefault(address, str(len(numbers) + 1))
        renamed = {name: _renumbered(name, numbers) for name in source.namelist()}
        for name in sorted(renamed, key=renamed.__getitem__):
            data = _renumbered(schema, numbers).encode() if name == "schema.json" else source.read(name)
            target.writestr(zipfile.ZipInfo(renamed[name], _FIXED_TIME), data)
        target.writestr(zipfile.ZipInfo(_ABOUT, _FIXED_TIME), about)
    return rewritten.getvalue()


def _renumbered(text: str, numbers: dict[str, str]) -> str:
    return re.sub(r"\d{6,}", lambda found: numbers.get(found[0], found[0]), text)


def _values(content: bytes) -> int:
    import numpy as np

    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        arrays = [np.load(archive.open(name), mmap_mode=None) for name in archive.namelist() if name.endswith(".npy")]
    return sum(array.size * max(1, len(array.dtype)) for array in arrays)


FAMILY = ScikitLearn()
