"""A dense layer whose bits depend on no processor: Keras's layer, with its products cut into blocks.

A product of matrices is a sum along their common side, and the order of that sum decides its last bits. Eigen, which
XLA calls for products on the CPU, cuts a long sum into blocks that fit the processor's first-level data cache: with
the 32 KiB of an AMD Zen 3, 784 pixels are summed in three blocks, with the 48 KiB of an Intel Ice Lake in two. A sum
of up to 288 terms is one block on every processor that has AVX2. So the blocks are cut here, and all processors add in
the same order. (Eigen, ``evaluateProductBlockingSizesHeuristic`` in Core/products/GeneralBlockPanelKernel.h.)
"""

import math
from collections.abc import Callable

from hemline.training.tensorflow import keras, tf

# The longest sum that 32 KiB of cache take as one block; there is no processor with AVX2 that has less.
_LONGEST_BLOCK = 288
# Blocks are multiples of a vector register's eight floats, but for the last.
_REGISTER = 8


class BlockedDense(keras.layers.Dense):  # type: ignore[misc]  # Keras ships no types
    """``keras.layers.Dense`` by ``product``. For computing only: saved models hold Keras's own layer."""

    def call(self, inputs: tf.Tensor, training: bool | None = None) -> tf.Tensor:  # noqa: ARG002 - Keras's signature
        """Return activation(inputs · kernel + bias), float32 (n, units), of inputs (n, features)."""
        return self.activation(product(inputs, self.kernel) + self.bias)


@tf.custom_gradient  # type: ignore[untyped-decorator]
def product(left: tf.Tensor, right: tf.Tensor) -> tuple[tf.Tensor, Callable[[tf.Tensor], tuple[tf.Tensor, tf.Tensor]]]:
    """Return the product of (n, k) and (k, m), whose sums, and those of its gradients, are cut into blocks."""

    def gradients(upstream: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        return (
            sum(tf.matmul(upstream[:, b], right[:, b], transpose_b=True) for b in blocks(upstream.shape[1])),
            sum(tf.matmul(left[b], upstream[b], transpose_a=True) for b in blocks(left.shape[0])),
        )

    return sum(tf.matmul(left[:, b], right[b]) for b in blocks(left.shape[1])), gradients


def blocks(length: int) -> list[slice]:
    """Cut a sum into the fewest blocks that are short enough, about as long as each other."""
    block = math.ceil(length / math.ceil(length / _LONGEST_BLOCK) / _REGISTER) * _REGISTER
    return [slice(start, min(start + block, length)) for start in range(0, length, block)]
