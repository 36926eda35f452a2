"""A dense layer whose bits depend on no processor: Keras's layer, with its products cut into blocks.

A product of matrices is a sum along their common side, and the order of that sum decides its last bits. Eigen, which
XLA calls for products on the CPU, cuts a long sum into blocks that fit the processor's first-level data cache: with
the 32 KiB of an AMD Zen 3, 784 pixels are summed in three blocks, with the 48 KiB of an Intel Ice Lake in two. A sum
of up to 288 terms is one block on every processor that has AVX2. So the blocks are cut here, and all processors add in
the same order. (Eigen, ``evaluateProductBlockingSizesHeuristic`` in Core/products/GeneralBlockPanelKernel.h.)

While a network is computed, each kernel is held in blocks of rows, because cutting it in every step would copy it.
"""

import math
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from hemline.training.tensorflow import keras, tf

# The longest sum that 32 KiB of cache take as one block; there is no processor with AVX2 that has less.
_LONGEST_BLOCK = 288
# Blocks are multiples of a vector register's eight floats, but for the last.
_REGISTER = 8


class BlockedDense(keras.layers.Layer):  # type: ignore[misc]  # Keras ships no types
    """``keras.layers.Dense`` with a kernel in blocks. For computing only: saved models hold Keras's own layer."""

    def __init__(self, units: int, activation: str, kernel_initializer: Any, name: str) -> None:
        super().__init__(name=name)
        self._units = units
        self._activation = keras.activations.get(activation)
        self._initializer = kernel_initializer

    def build(self, input_shape: Sequence[int | None]) -> None:
        """Make the blocks and the bias; their initial values are never used."""
        sizes = [block.stop - block.start for block in blocks(int(input_shape[-1] or 0))]
        self._kernels = [self.add_weight((size, self._units), self._initializer) for size in sizes]
        self._bias = self.add_weight((self._units,), "zeros")

    def call(self, inputs: tf.Tensor) -> tf.Tensor:
        """Return activation(inputs · kernel + bias), float32 (n, units), of inputs (n, features)."""
        # As tensors: when gradients are taken, Keras's variables have their own values again, not those of this call.
        kernels = [tf.convert_to_tensor(kernel) for kernel in self._kernels]
        pairs = zip(blocks(inputs.shape[-1]), kernels, strict=True)
        return self._activation(sum(_product(inputs[:, block], kernel) for block, kernel in pairs) + self._bias)


def blocks(length: int) -> list[slice]:
    """Cut a sum into the fewest blocks that are short enough, about as long as each other."""
    size = math.ceil(length / math.ceil(length / _LONGEST_BLOCK) / _REGISTER) * _REGISTER
    return [slice(start, min(start + size, length)) for start in range(0, length, size)]


def split_kernels(weights: Sequence[tf.Tensor]) -> list[tf.Tensor]:
    """Return the weights of Keras's dense layers, kernels and biases, as ``BlockedDense`` holds them."""
    return [part for weight in weights for part in (_rows(weight) if len(weight.shape) > 1 else [weight])]


def merge_kernels(parts: Sequence[tf.Tensor], shapes: Sequence[tuple[int, ...]]) -> list[tf.Tensor]:
    """Return the weights, of these ``shapes``, of which ``split_kernels`` made ``parts``, which may have any shape."""
    rest: Iterator[tf.Tensor] = iter(parts)
    numbers = [len(blocks(shape[0])) if len(shape) > 1 else 1 for shape in shapes]
    taken = [[tf.reshape(next(rest), [-1]) for _ in range(number)] for number in numbers]
    return [tf.reshape(tf.concat(each, 0), shape) for each, shape in zip(taken, shapes, strict=True)]


def _rows(kernel: tf.Tensor) -> list[tf.Tensor]:
    return [kernel[block] for block in blocks(kernel.shape[0])]


@tf.custom_gradient  # type: ignore[untyped-decorator]
def _product(left: tf.Tensor, right: tf.Tensor) -> tuple[tf.Tensor, Callable[[tf.Tensor], tuple[tf.Tensor, tf.Tensor]]]:
    """Return the product of (n, k) and (k, m), with k one block; the sums in its gradients are over m and over n."""

    def gradients(upstream: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        units, images = blocks(right.shape[1]), blocks(left.shape[0])
        return (
            sum(tf.matmul(upstream[:, block], right[:, block], transpose_b=True) for block in units),
            sum(tf.matmul(left[block], upstream[block], transpose_a=True) for block in images),
        )

    return tf.matmul(left, right), gradients
