"""The penalised loss of multinomial logistic regression, and its gradient: one pass over the images.

The objective is the mean cross-entropy plus ``penalty / 2`` times the sum of the squared weights; intercepts are not
penalised. ``LogisticRegression(C=C)`` of scikit-learn minimises ``C * n`` times this, with ``penalty = 1 / (C * n)``.
"""

import itertools
import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hemline.solver.images import Images

Floats = NDArray[np.float64]

# The longest sum that is added in float32.
_LONGEST_BLOCK = 288
# Of a probability: one of 0 counts as the least that float64 tells from 0 beside 1, as in scikit-learn's log_loss.
_LEAST_LOG = math.log(np.finfo(np.float64).eps)


class Parameters:
    """Weights (pixels, classes) and intercepts (classes,), as views of one flat float64 array."""

    def __init__(self, flat: Floats, n_classes: int) -> None:
        self.flat = flat
        self.weights = flat[:-n_classes].reshape(-1, n_classes)
        self.intercepts = flat[-n_classes:]


@dataclass(frozen=True)
class Evaluated:
    """The result of one pass, at given parameters."""

    loss: float  # the mean cross-entropy
    accuracy: float  # the share of images whose most probable class is their own
    objective: float  # the penalised loss
    gradient: Floats  # of the objective, by all parameters, flat
    curvature: Floats  # (classes, classes): the second derivatives by the intercepts


def scores(rows: NDArray[np.float32], weights: NDArray[np.float32], intercepts: Floats) -> Floats:
    """Return rows · weights + intercepts (rows, classes): float32 products of blocks of pixels, added in float64."""
    n_blocks = math.ceil(len(weights) / _LONGEST_BLOCK)
    ends = [len(weights) * number // n_blocks for number in range(n_blocks + 1)]
    total = np.tile(intercepts, (len(rows), 1))
    for start, end in itertools.pairwise(ends):
        total += rows[:, start:end] @ weights[start:end]
    return total


def softmax(scores: Floats) -> tuple[Floats, Floats]:
    """Return log-probabilities and probabilities, (rows, classes) each; ``scores`` are overwritten."""
    scores -= scores.max(axis=1, keepdims=True)
    exponentials = np.exp(scores)
    total = exponentials.sum(axis=1, keepdims=True)
    scores -= np.log(total)
    return scores, np.divide(exponentials, total, out=exponentials)


def evaluate(images: Images, parameters: Floats, penalty: float, n_classes: int) -> Evaluated:
    """Return the objective and its derivatives at ``parameters``, flat (pixels x classes + classes,)."""
    at, gradient = Parameters(parameters, n_classes), Parameters(np.zeros_like(parameters), n_classes)
    rounded = at.weights.astype(np.float32)
    squares, lost, correct, n = np.zeros((n_classes, n_classes)), 0.0, 0, len(images.labels)
    for rows, labels in images.chunks():
        logs, probabilities = softmax(scores(rows, rounded, at.intercepts))
        own = np.arange(len(labels)), labels
        lost -= float(logs[own].sum())
        correct += int((logs.argmax(axis=1) == labels).sum())
        squares += probabilities.T @ probabilities
        residuals = probabilities
        gradient.intercepts[:] += probabilities.sum(axis=0)
        residuals[own] -= 1
        gradient.weights[:] += rows.T @ residuals.astype(np.float32)
    curvature = (np.diag(gradient.intercepts) - squares) / n
    gradient.intercepts[:] -= np.bincount(images.labels, minlength=n_classes)
    gradient.flat[:] /= n
    # A constant added to all intercepts has no effect; without this, rounding would move them.
    gradient.intercepts[:] -= gradient.intercepts.mean()
    gradient.weights[:] += penalty * at.weights
    objective = lost / n + penalty / 2 * float(np.vdot(at.weights, at.weights))
    return Evaluated(lost / n, correct / n, objective, gradient.flat, curvature)


def tested(images: Images, weights: Floats, intercepts: Floats) -> tuple[float, float]:
    """Return mean cross-entropy and accuracy of images; no loss is infinite."""
    rounded, lost, correct = weights.astype(np.float32), 0.0, 0
    for rows, labels in images.chunks():
        logs, _ = softmax(scores(rows, rounded, intercepts))
        lost -= float(np.maximum(logs[np.arange(len(labels)), labels], _LEAST_LOG).sum())
        correct += int((logs.argmax(axis=1) == labels).sum())
    return lost / len(images.labels), correct / len(images.labels)


def probabilities(images: Images, weights: Floats, intercepts: Floats) -> NDArray[np.float32]:
    """Return the probabilities of images, float32 (n, classes)."""
    rounded = weights.astype(np.float32)
    rows = [softmax(scores(rows, rounded, intercepts))[1] for rows, _ in images.chunks()]
    return np.concatenate(rows).astype(np.float32)
