"""The family ``logistic``: the linear model, solved instead of trained: multinomial logistic regression.

The strength of its penalty is chosen by validation loss along a declared path. No seed changes it. It is saved as a
Keras model without hidden layers, and gives the same bytes on every x86-64 processor with AVX2.
"""

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

from pydantic import AfterValidator, Field

from hemline.families.family import FamilySettings, FitCallbacks, Learner, NetworkFamily, Task
from hemline.families.hyperparameters import Positive

if TYPE_CHECKING:
    from hemline.solver.path import Solution, SolvedPath
    from hemline.training.learner import NetworkModel
    from hemline.training.resume import Arrays, TrainingState

# Seconds of one core for each image, pixel and class: measured on an AMD EPYC (Zen 4).
_SECONDS = 4e-8


def _check_strengths(strengths: list[float]) -> list[float]:
    if sorted(set(strengths)) != strengths:
        raise ValueError("must ascend, each once")
    return strengths


class LogisticSettings(FamilySettings):
    """The path of strengths, and how exactly each is solved.

    ``strengths`` are values of C as in scikit-learn's LogisticRegression, for scaled pixels: a smaller value
    is a stronger penalty. As long as the last of several is the best, one three times as large is tried, up to
    ``largest``, because the best one depends on the range of the pixels. ``tolerance`` limits the largest derivative of
    the mean loss.
    """

    strengths: Annotated[list[Positive], Field(min_length=1), AfterValidator(_check_strengths)] = Field(
        default=[0.003, 0.01, 0.03, 0.1, 0.3, 1.0]
    )
    largest: Positive = 1e5
    tolerance: Annotated[float, Field(gt=0, le=0.01)] = 1e-6
    family: Literal["logistic"]


class Logistic(NetworkFamily):
    """Multinomial logistic regression, solved."""

    settings: ClassVar[type[FamilySettings]] = LogisticSettings
    same_everywhere = True

    def seeds(self, settings: LogisticSettings, seeds: Sequence[int]) -> list[int]:  # noqa: ARG002 - any settings
        """Return the first seed: there is one solution."""
        return list(seeds[:1])

    def linear(self, settings: LogisticSettings) -> str:  # noqa: ARG002 - any settings
        """Return that it is a linear model at the minimum of its loss."""
        return "solved"

    def learner(self, settings: LogisticSettings, task: Task) -> Learner:
        """Return the solver.

        Raises:
            InputError: as ``Family.learner``.
        """
        return LogisticLearner(settings, task)

    def seconds(self, settings: LogisticSettings, images: int, pixels: int, classes: int) -> float:
        """Estimate the seconds of solving the path."""
        return _SECONDS * images * pixels * classes * len(settings.strengths) / 6


class LogisticLearner:
    """Solves the path once."""

    def __init__(self, settings: LogisticSettings, task: Task) -> None:
        self._settings, self._task = settings, task
        self._train, self._validation = task.data.read("train"), task.data.read("validation")
        self._classes = task.data.about().classes

    def fit(self, seed: int, callbacks: FitCallbacks, after: "TrainingState | None" = None) -> "NetworkModel":  # noqa: ARG002 - no seed changes the solution
        """Solve each strength, from the strongest penalty on; loss and accuracy of the chosen one are reported once.

        Raises:
            InputError: fewer than two classes have images, or the images are too large for the solver.
        """
        from hemline.solver.path import solve_path
        from hemline.training.linear import linear_model

        solved = _restored(after.arrays) if after else []
        path = solve_path(
            self._train,
            self._validation,
            len(self._classes),
            self._settings.strengths,
            self._train.scale,
            tolerance=self._settings.tolerance,
            largest=self._settings.largest,
            finished=list(solved),
            on_strength=solved.append,
            check=lambda: callbacks.checkpoint(lambda: _arrays(solved)),
        )
        chosen = path.chosen
        metrics: dict[str, int | float] = {"epoch": 1, "loss": chosen.loss, "accuracy": chosen.accuracy}
        if chosen.validation_loss is not None and chosen.validation_accuracy is not None:
            metrics |= {"val_loss": chosen.validation_loss, "val_accuracy": chosen.validation_accuracy}
        callbacks.epoch(metrics)
        kernel, bias = chosen.keras_weights()
        return linear_model(self._task.variant, kernel, bias, self._train, _notes(path, self._classes))


def _notes(path: "SolvedPath", classes: Sequence[str]) -> list[str]:
    """Return how exactly it is solved, how the strength was chosen, and what is unusual."""
    chosen, strengths = path.chosen, [solution.strength for solution in path.solutions]
    why = "has the lowest validation loss" if len(strengths) > 1 else "was not chosen by validation"
    solved = (
        f"Solved for C = {', '.join(f'{each:g}' for each in strengths)}; C = {chosen.strength:g} {why}. "
        f"Largest derivative {chosen.gradient_norm:.1e}, objective at most {chosen.gap_bound:.1e} above its minimum."
    )
    notes = [solved]
    if path.edge:
        side = "smaller" if path.edge == "strongest" else "larger"
        notes.append(f"C = {chosen.strength:g} is the edge of the path: a {side} one may be better.")
    if path.separable:
        notes.append("It classifies all training images correctly: only its penalty keeps its weights finite.")
    if path.absent:
        names = ", ".join(classes[each] for each in path.absent)
        notes.append(f"Classes without training images have probability 0: {names}.")
    if not chosen.converged:
        notes.append("Rounding stopped the solver before its tolerance.")
    return notes


def _arrays(solutions: "Sequence[Solution]") -> "Arrays":
    """Return solutions as arrays: weights, intercepts and numbers of each."""
    import numpy as np

    arrays = []
    for each in solutions:
        missing = [np.nan if value is None else value for value in (each.validation_loss, each.validation_accuracy)]
        numbers = [each.strength, each.loss, each.accuracy, each.objective, each.gradient_norm, each.gap_bound]
        arrays += [each.weights, each.intercepts, np.array([*numbers, each.passes, each.converged, *missing])]
    return arrays


def _restored(arrays: "Arrays") -> "list[Solution]":
    """Undo ``_arrays``."""
    from hemline.solver.path import Solution

    found: list[Solution] = []
    for weights, intercepts, numbers in zip(*[iter(arrays)] * 3, strict=True):
        strength, loss, accuracy, objective, gradient, gap, passes, converged, *missing = numbers.tolist()
        validation_loss, validation_accuracy = (None if math.isnan(value) else value for value in missing)
        solution = Solution(
            strength=strength,
            weights=weights,
            intercepts=intercepts,
            loss=loss,
            accuracy=accuracy,
            objective=objective,
            gradient_norm=gradient,
            gap_bound=gap,
            passes=int(passes),
            converged=bool(converged),
            validation_loss=validation_loss,
            validation_accuracy=validation_accuracy,
        )
        found.append(solution)
    return found


FAMILY = Logistic()
