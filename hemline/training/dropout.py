"""Dropout that is fast in a compiled program: Keras's layer, with another generator of random bits.

Keras leaves the choice of the generator to TensorFlow, which takes Philox. XLA compiles its 64-bit products for the CPU
into code so slow that dropout made a training ten times longer; Threefry consists of additions and rotations, which
become vector instructions, and costs a few percent. Both are of Salmon et al., "Parallel random numbers: as easy as
1, 2, 3", 2011. The bits depend on the layer's seed and on the number of the step, and on nothing else.
"""

from hemline.training.tensorflow import keras, tf


class FastDropout(keras.layers.Dropout):  # type: ignore[misc]  # Keras ships no types
    """``keras.layers.Dropout`` by Threefry. For training only: saved models hold Keras's own layer."""

    def call(self, inputs: tf.Tensor, training: bool = False) -> tf.Tensor:
        """Return ``inputs``; while training, a share of ``rate`` as zeros, and the rest larger by 1 / (1 - rate)."""
        if not training:
            return inputs
        seed = tf.cast(self.seed_generator.next(), tf.int32)
        return tf.nn.experimental.stateless_dropout(inputs, self.rate, seed, rng_alg="threefry")
