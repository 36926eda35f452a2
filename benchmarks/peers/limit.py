"""What no training on one core of this machine can beat: the step's arithmetic and its optimizer's memory traffic.

The arithmetic is timed as matrix products by NumPy's BLAS on one thread, of the step's own shapes; the traffic as the
bytes that Adam must move, at the speed of a pass over as much memory as weights, gradients and moments take. Apart from
these: the way of the images from memory, in an order that no cache can foresee.
"""

import itertools
import math
import time
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from benchmarks.work import Data, Work

# What Adam reads (weight, gradient, both moments) and writes (weight, both moments) of each parameter, in floats.
_FLOATS_MOVED = 7
_FLOATS_KEPT = 4
_TRIES = 7  # the fastest counts: this is a limit
_SECONDS_PER_TRY = 0.02


class Peer:
    """Measures, where the other peers train."""

    def __init__(self, data: Data) -> None:
        self._data = data

    def seconds(self, work: Work) -> dict[str, float]:
        """Return the least seconds of one training, by what they are spent on."""
        sizes = [self._data.n_pixels, *work.hidden, self._data.n_classes]
        steps = work.epochs * math.ceil(len(self._data.train.labels) / work.batch_size)
        n_parameters = sum(before * after + after for before, after in itertools.pairwise(sizes))
        return {
            "arithmetic": steps * _products(sizes, work.batch_size),
            "arithmetic_at_the_best_shape": steps * _flops(sizes, work.batch_size) / _best_rate(),
            "memory": steps * n_parameters * _FLOATS_MOVED * 4 / _bandwidth(n_parameters * _FLOATS_KEPT),
            "images": steps * _fetch(self._data.train.images, work.batch_size),
        }


def _flops(sizes: list[int], batch: int) -> int:
    """Count two operations per weight and image for the outputs, for the weights' gradient and the inputs' gradient.

    The first layer needs no gradient of its inputs.
    """
    weights = [before * after for before, after in itertools.pairwise(sizes)]
    return 2 * batch * (3 * sum(weights) - weights[0])


def _products(sizes: list[int], batch: int) -> float:
    """Return the seconds of one step's matrix products."""
    generator = np.random.default_rng(0)
    total = 0.0
    for layer, (before, after) in enumerate(itertools.pairwise(sizes)):
        inputs, weights, errors = (
            generator.random(shape, np.float32) for shape in ((batch, before), (before, after), (batch, after))
        )
        total += _product(inputs, weights)
        total += _product(inputs.T, errors)
        if layer:
            total += _product(errors, weights.T)
    return total


def _best_rate() -> float:
    """Return the float32 operations per second of a large product."""
    size = 1024
    square = np.random.default_rng(0).random((size, size), np.float32)
    return 2 * size**3 / _product(square, square)


def _product(first: NDArray[np.float32], second: NDArray[np.float32]) -> float:
    """Return the seconds of one matrix product."""
    out = np.empty((len(first), second.shape[1]), np.float32)
    return _fastest(lambda: np.matmul(first, second, out=out))


def _bandwidth(n_floats: int) -> float:
    """Return the bytes read and written per second by a pass over ``n_floats``."""
    values = np.ones(n_floats, np.float32)
    one = np.float32(1)
    return 2 * values.nbytes / _fastest(lambda: np.multiply(values, one, out=values))


def _fetch(images: NDArray[np.float32], batch: int) -> float:
    """Return the seconds of gathering a batch of a shuffled epoch."""
    order = np.random.default_rng(0).permutation(len(images))[: len(images) // batch * batch]
    batches = itertools.cycle(order.reshape(-1, batch))
    out = np.empty((batch, *images.shape[1:]), np.float32)
    return _fastest(lambda: np.take(images, next(batches), axis=0, out=out, mode="clip"))


def _fastest(action: Callable[[], object]) -> float:
    """Return the seconds of CPU time that ``action`` takes at its fastest."""
    action()
    start = time.perf_counter()
    action()
    times = max(1, round(_SECONDS_PER_TRY / max(time.perf_counter() - start, 1e-7)))
    tries = []
    for _ in range(_TRIES):
        start = time.thread_time()
        for _ in range(times):
            action()
        tries.append((time.thread_time() - start) / times)
    return min(tries)
