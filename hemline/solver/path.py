"""Multinomial logistic regression, solved for each strength of a path; the strength is chosen by validation loss.

>>> path = solve_path(train, validation, n_classes=10, scale=255)
>>> path.chosen.strength, path.chosen.validation_accuracy
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from hemline.data.normalized import Labelled
from hemline.errors import InputError
from hemline.solver.images import Images
from hemline.solver.lbfgs import Point, minimise
from hemline.solver.objective import Evaluated, Floats, Parameters, evaluate, tested
from hemline.solver.preconditioner import Sample

STRENGTHS = (0.003, 0.01, 0.03, 0.1, 0.3, 1.0)
TOLERANCE = 1e-6
# While the largest strength is the best, three times that strength is tried, up to this limit.
LARGEST = 1e5
_FACTOR = 3
# The chosen solution is solved to so many times the tolerance: its accuracies are printed to 0.01 %.
_REFINED = 0.1
# The bound of the gap may be so many times the tolerance, as a share of the objective.
_GAP = 100
# Passes for one strength, after which it counts as not converged.
_MOST_PASSES = 500
# From zero, where all probabilities are equal, after so many passes second derivatives are taken again.
_FIRST_PASSES = 4
# The score of a class without training images: finite, with probability 0.
_ABSENT = -1e30
# Of an objective, as a share of it.
_ROUNDING = 1e-9


@dataclass(frozen=True)
class Solution:
    """The solution for one strength."""

    strength: float  # C, as in scikit-learn's ``LogisticRegression``: of the sum of the losses of all training images
    weights: Floats  # float64 (pixels, classes), for pixels divided by the scale
    intercepts: Floats  # float64 (classes,)
    loss: float  # mean cross-entropy of the training images
    accuracy: float  # share of the training images that are classified correctly
    objective: float  # loss + sum of squared weights / (2 C n), of n training images
    gradient_norm: float  # the largest absolute derivative of the objective by any weight or intercept
    gap_bound: float  # the largest possible distance of the objective above its minimum (see ``gap_bound``)
    passes: int  # over the training images
    converged: bool  # whether gradient and gap are within the tolerance; if not, rounding stopped the search
    validation_loss: float | None  # mean cross-entropy of the validation images; None without any
    validation_accuracy: float | None  # share of the validation images; None without any

    def keras_weights(self) -> list[NDArray[np.float32]]:
        """Return kernel (pixels, classes) and bias (classes,) of the dense layer of a model without hidden layers."""
        return [self.weights.astype(np.float32), self.intercepts.astype(np.float32)]


@dataclass(frozen=True)
class SolvedPath:
    """The solutions for all strengths."""

    solutions: list[Solution]  # from the smallest C on, which is the strongest penalty
    chosen: Solution  # of the lowest validation loss; of equal ones, that of the stronger penalty
    # the end of the path, if the choice lies there: the best strength may lie beyond
    edge: Literal["strongest", "weakest"] | None
    absent: list[int]  # classes without training images; their probability is 0
    # whether a hyperplane for each class classifies all training images correctly: then only the penalty keeps
    # weights finite
    separable: bool


def solve_path(
    train: Labelled,
    validation: Labelled,
    n_classes: int,
    strengths: Sequence[float] = STRENGTHS,
    scale: float = 1,
    *,
    tolerance: float = TOLERANCE,
    largest: float = LARGEST,
    finished: Sequence[Solution] = (),
    on_strength: Callable[[Solution], None] = lambda _: None,
    check: Callable[[], None] = lambda: None,
) -> SolvedPath:
    """Solve the logistic regression for each strength, from the strongest penalty on.

    Args:
        train: images (n, h, w) or (n, h, w, channels), of any numeric dtype, and labels; read a chunk at a time.
        validation: the same; without images, only the middle strength is solved.
        n_classes: labels are below it.
        strengths: values of C.
        scale: pixels are divided by it.
        tolerance: of the largest derivative; and, a hundredfold, of the gap as a share of the objective. A tenth of it
            for the chosen solution.
        largest: as long as the last of several strengths has the lowest validation loss, one three times as large is
            solved, too, up to this.
        finished: solutions from an earlier call with the same arguments, which need not be solved again.
        on_strength: is given each further solution.
        check: is called several times in each pass; what it raises ends the search.

    Raises:
        InputError: the training images are of fewer than two classes.
    """
    ordered = sorted(strengths) if len(validation.labels) else [sorted(strengths)[len(strengths) // 2]]
    problem, solutions = _Problem(train, n_classes, scale, check), list(finished)

    def solved(strength: float, tolerance: float, before: Solution | None) -> Solution:
        return _validated(problem.solve(strength, tolerance, before), validation, scale, check)

    while (strength := _next(ordered, solutions, largest)) is not None:
        solutions.append(solved(strength, tolerance, solutions[-1] if solutions else None))
        on_strength(solutions[-1])
    number = _best(solutions)
    rough = solutions[number]
    chosen = solved(rough.strength, _REFINED * tolerance, rough)
    chosen = solutions[number] = replace(chosen, passes=rough.passes + chosen.passes)
    edges: dict[float, Literal["strongest", "weakest"]] = {}
    if len(solutions) > 1:
        edges = {ordered[0]: "strongest", solutions[-1].strength: "weakest"}
    separable = any(solution.accuracy == 1 for solution in solutions)
    return SolvedPath(solutions, chosen, edges.get(chosen.strength), problem.absent, separable)


def _next(ordered: Sequence[float], solutions: Sequence[Solution], largest: float) -> float | None:
    """Return the next strength to solve; None when finished."""
    if len(solutions) < len(ordered):
        return ordered[len(solutions)]
    further = _FACTOR * solutions[-1].strength
    at_the_end = len(ordered) > 1 and _best(solutions) == len(solutions) - 1
    return further if at_the_end and further <= largest else None


def _best(solutions: Sequence[Solution]) -> int:
    """Return the index of the lowest validation loss, the first of equal ones."""
    return int(np.argmin([solution.validation_loss or 0 for solution in solutions]))


class _Problem:
    """The training images, without the classes that have none."""

    def __init__(self, train: Labelled, n_classes: int, scale: float, check: Callable[[], None]) -> None:
        counts = np.bincount(train.labels, minlength=n_classes)
        self._present = np.flatnonzero(counts)
        self.absent: list[int] = np.flatnonzero(counts == 0).tolist()
        if len(self._present) < 2:  # noqa: PLR2004 - as many as can be told apart
            raise InputError(f"training images: must be of at least two classes, got {len(self._present)}")
        labels = np.searchsorted(self._present, train.labels).astype(np.int64)
        self._images = Images(train.images, labels, scale, check)
        self._n_classes = n_classes
        self._sample = Sample(self._images, len(self._present))
        squares = sum(float(np.vdot(rows, rows)) for rows, _ in self._images.chunks())
        self._length = math.sqrt(squares / len(labels))

    def solve(self, strength: float, tolerance: float, before: Solution | None) -> Solution:
        """Return the solution for one strength, starting from that for another."""
        penalty = 1 / (strength * len(self._images.labels))

        def evaluated(parameters: Floats) -> Evaluated:
            return evaluate(self._images, parameters, penalty, len(self._present))

        def is_done(here: Evaluated) -> bool:
            bound = gap_bound(here, penalty, 0)
            return bool(_largest(here) <= tolerance and bound <= _GAP * tolerance * here.objective)

        start = self._parameters(before)
        point = Point(start, evaluated(start), 1)
        for most_passes in (_MOST_PASSES,) if before else (_FIRST_PASSES, _MOST_PASSES):
            preconditioner = self._sample.preconditioner(point.parameters, penalty)
            point = minimise(evaluated, point, preconditioner, is_done, most_passes)
        point = _with_exact_intercepts(point, evaluated, tolerance)
        return self._solution(strength, point, penalty, converged=is_done(point.evaluated))

    def _parameters(self, before: Solution | None) -> Floats:
        n_present = len(self._present)
        at = Parameters(np.zeros((self._images.n_pixels + 1) * n_present), n_present)
        if before:
            at.weights[:] = before.weights[:, self._present]
            at.intercepts[:] = before.intercepts[self._present]
        return at.flat

    def _solution(self, strength: float, point: Point, penalty: float, *, converged: bool) -> Solution:
        here, at = point.evaluated, Parameters(point.parameters, len(self._present))
        weights, intercepts = np.zeros((len(at.weights), self._n_classes)), np.full(self._n_classes, _ABSENT)
        weights[:, self._present], intercepts[self._present] = at.weights, at.intercepts
        return Solution(
            strength,
            weights,
            intercepts,
            here.loss,
            here.accuracy,
            here.objective,
            _largest(here),
            gap_bound(here, penalty, self._length),
            point.passes,
            converged,
            None,
            None,
        )


def gap_bound(here: Evaluated, penalty: float, length: float) -> float:
    """Return a bound on the objective above its minimum: ‖g‖² / (2 penalty), because it is strongly convex.

    It is so by the weights, not by the intercepts. So the bound is that of the objective with the best intercepts for
    these weights, plus what the intercepts lack of the best, to second order in that. With δ, the Newton step of the
    intercepts, the gradient by the weights changes by less than ``length`` ‖δ‖ / 2, since no second derivative of a
    cross-entropy by its scores exceeds 1/2 (Böhning 1992, "Multinomial logistic regression algorithm").

    Args:
        here: the evaluated point.
        penalty: 1 / (C n).
        length: the root of the mean squared length of an image.
    """
    at = Parameters(here.gradient, len(here.curvature))
    step = _intercepts_step(here)
    norm = float(np.linalg.norm(at.weights)) + length / 2 * float(np.linalg.norm(step))
    return norm**2 / (2 * penalty) + float(np.vdot(at.intercepts, step)) / 2


def _intercepts_step(here: Evaluated) -> Floats:
    """Return Newton's step for the intercepts alone, up to its sign."""
    n_classes = len(here.curvature)
    # A constant added to all intercepts has no effect, and is not changed.
    curvature = here.curvature + np.trace(here.curvature) / n_classes**2
    curvature[np.diag_indices(n_classes)] += np.finfo(np.float64).eps * (1 + np.trace(curvature))
    step: Floats = np.linalg.solve(curvature, here.gradient[-n_classes:])
    return step


def _with_exact_intercepts(point: Point, evaluated: Callable[[Floats], Evaluated], tolerance: float) -> Point:
    """Return the point after one Newton step for its intercepts, unless that is no better."""
    parameters = point.parameters.copy()
    step = _intercepts_step(point.evaluated)
    parameters[-len(step) :] -= step
    there = evaluated(parameters)
    flat = _largest(there) <= max(tolerance, _largest(point.evaluated))
    better = flat and there.objective <= point.evaluated.objective * (1 + _ROUNDING)
    return Point(parameters, there, point.passes + 1) if better else point._replace(passes=point.passes + 1)


def _largest(here: Evaluated) -> float:
    return float(np.abs(here.gradient).max())


def _validated(solution: Solution, validation: Labelled, scale: float, check: Callable[[], None]) -> Solution:
    """Return the solution with its validation metrics, if there are validation images."""
    if not len(validation.labels):
        return solution
    images = Images(validation.images, validation.labels.astype(np.int64), scale, check)
    loss, accuracy = tested(images, solution.weights, solution.intercepts)
    return replace(solution, validation_loss=loss, validation_accuracy=accuracy)
