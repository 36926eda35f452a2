"""An approximate inverse of the second derivatives, by which the solver's steps are nearly Newton's.

In principal coordinates of a sample of the images. On the first ones, in which images vary most, and on the intercepts,
the second derivatives over the sample are inverted exactly; of each other coordinate, those between its classes are. Of
many pixels, the first coordinates only are found, by subspace iteration (Halko, Martinsson and Tropp 2011, "Finding
structure with randomness", algorithm 4.4), and all others are taken for equal.
"""

import numpy as np
from numpy.typing import NDArray

from hemline.solver.images import Images
from hemline.solver.objective import Floats, Parameters, scores, softmax

_COORDINATES = 100
# The dense part has (coordinates + 1) x classes rows ...
_LARGEST_DENSE = 1200
# ... and the part for all other coordinates so many numbers, or it is a diagonal.
_LARGEST_BLOCKS = 2**24
# Images of the sample, and the numbers that they have together.
_SAMPLE, _LARGEST_SAMPLE = 13_500, 2**26
# For more pixels, finding all principal coordinates takes too long.
_MOST_PIXELS = 2048
_ITERATIONS = 4
# Of the trace: what has no penalty, or one that float32 sums have lost, can be inverted all the same.
_RIDGE = 1e-6


class Preconditioner:
    """Multiplies a gradient by the approximate inverse."""

    def __init__(self, axes: Floats, dense: Floats, blocks: Floats) -> None:
        """Invert the parts.

        Args:
            axes: (pixels, coordinates), orthonormal.
            dense: (rows, rows), positive definite; rows: of each class, the first coordinates, then the intercept.
            blocks: of each coordinate and of what is left, (coordinates + 1, classes, classes), or their diagonals,
                (coordinates + 1, classes).
        """
        self._axes, self._n_classes = axes, blocks.shape[1]
        self._factor = np.linalg.inv(_cholesky(dense))
        self._blocks = np.linalg.inv(blocks) if blocks.ndim > 2 else 1 / blocks  # noqa: PLR2004 - see above

    def __matmul__(self, gradient: Floats) -> Floats:
        """Return the approximate Newton step for a flat gradient."""
        given = Parameters(gradient, self._n_classes)
        step = Parameters(np.empty_like(gradient), self._n_classes)
        along = self._axes.T @ given.weights
        left = given.weights - self._axes @ along
        n_dense = len(self._factor) // self._n_classes - 1
        dense = np.vstack([along[:n_dense], given.intercepts]).T.ravel()
        solved = (self._factor.T @ (self._factor @ dense)).reshape(self._n_classes, -1).T
        if self._blocks.ndim > 2:  # noqa: PLR2004 - see above
            along, left = (self._blocks[:-1] @ along[:, :, None])[:, :, 0], left @ self._blocks[-1]
        else:
            along, left = self._blocks[:-1] * along, left * self._blocks[-1]
        along[:n_dense] = solved[:-1]
        step.weights[:] = self._axes @ along + left
        step.intercepts[:] = solved[-1]
        return step.flat


class Sample:
    """A sample of the images, in their principal coordinates."""

    def __init__(self, images: Images, n_classes: int) -> None:
        """Read them, and find their principal coordinates."""
        size = max(1, min(_SAMPLE, _LARGEST_SAMPLE // images.n_pixels))
        self._n_classes = n_classes
        self._chunks = [rows for rows, _ in images.chunks(-(-len(images.labels) // size))]
        few = images.n_pixels <= _MOST_PIXELS
        self._axes = _all_axes(self._chunks) if few else _leading_axes(self._chunks)
        rotation = self._axes.astype(np.float32)
        self._along = [rows @ rotation for rows in self._chunks]
        self._n_dense = max(0, min(_COORDINATES, images.n_pixels, _LARGEST_DENSE // n_classes - 1))

    def preconditioner(self, parameters: Floats, penalty: float) -> Preconditioner:
        """Return that for the second derivatives at flat ``parameters``."""
        at, n_classes, n_dense = Parameters(parameters, self._n_classes), self._n_classes, self._n_dense
        rounded, n_left = at.weights.astype(np.float32), max(1, len(self._axes) - self._axes.shape[1])
        size, n_coordinates = n_dense + 1, self._axes.shape[1] + 1
        in_blocks = n_classes**2 * n_coordinates <= _LARGEST_BLOCKS
        dense = np.zeros((n_classes, size, n_classes, size))
        blocks = np.zeros((n_coordinates, n_classes**2 if in_blocks else n_classes))
        each = np.arange(n_classes)
        for rows, along in zip(self._chunks, self._along, strict=True):
            probabilities = softmax(scores(rows, rounded, at.intercepts))[1].astype(np.float32)
            inputs = np.hstack([along[:, :n_dense], np.ones((len(rows), 1), np.float32)])
            weighted = (probabilities[:, :, None] * inputs[:, None, :]).reshape(len(rows), -1)
            dense -= (weighted.T @ weighted).reshape(dense.shape)
            dense[each, :, each] += (weighted.T @ inputs).reshape(n_classes, size, size)
            squares = along * along
            left = (rows * rows).sum(axis=1) - squares.sum(axis=1)
            squares = np.column_stack([squares, np.maximum(left, 0) / n_left])
            blocks += squares.T @ _second_derivatives(probabilities, in_blocks=in_blocks)
        n_images = sum(map(len, self._chunks))
        square = dense.reshape(n_classes * size, -1) / n_images
        penalised = np.tile(np.arange(size) < n_dense, n_classes)
        square[np.diag_indices_from(square)] += penalty * penalised
        rest: Floats = blocks / n_images
        if in_blocks:
            rest = rest.reshape(-1, n_classes, n_classes)
            ridge = penalty + _RIDGE * rest.trace(axis1=1, axis2=2)
            rest += ridge[:, None, None] * np.eye(n_classes)
        else:
            rest += penalty
        return Preconditioner(self._axes, square, rest)


def _all_axes(chunks: list[NDArray[np.float32]]) -> Floats:
    """Return the principal axes of rows, not centred, as columns, those of most variation first."""
    products = np.zeros((chunks[0].shape[1],) * 2)
    for rows in chunks:
        products += rows.T @ rows
    axes: Floats = np.linalg.eigh(products)[1][:, ::-1]
    return axes


def _leading_axes(chunks: list[NDArray[np.float32]]) -> Floats:
    """Return about the first of them."""
    n_pixels = chunks[0].shape[1]
    shape = n_pixels, min(n_pixels, _COORDINATES)
    axes: Floats = np.random.default_rng(0).integers(0, 2, shape).astype(np.float64) - 0.5
    for _ in range(_ITERATIONS):
        products, rounded = np.zeros(shape), axes.astype(np.float32)
        for rows in chunks:
            products += rows.T @ (rows @ rounded)
        axes[:] = np.linalg.qr(products)[0]
    return axes


def _cholesky(matrix: Floats) -> Floats:
    """Return the Cholesky factor of a matrix plus as small a multiple of the identity as gives it one."""
    ridge = _RIDGE * np.trace(matrix) / len(matrix)
    while True:
        try:
            factor: Floats = np.linalg.cholesky(matrix + ridge * np.eye(len(matrix)))
        except np.linalg.LinAlgError:
            ridge *= 10
        else:
            return factor


def _second_derivatives(probabilities: NDArray[np.float32], *, in_blocks: bool) -> NDArray[np.float32]:
    """Return those of each image's loss by its scores: (images, classes²), or the diagonals, (images, classes)."""
    if not in_blocks:
        return probabilities * (1 - probabilities)
    n_classes = probabilities.shape[1]
    pairs = probabilities[:, :, None] * -probabilities[:, None, :]
    pairs[:, np.arange(n_classes), np.arange(n_classes)] += probabilities
    return pairs.reshape(len(probabilities), -1)
