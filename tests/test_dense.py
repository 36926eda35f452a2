"""The layer whose products are cut into blocks: the same values as Keras's, from sums that are short enough."""

from typing import get_args

import numpy as np
import pytest

from hemline.data.normalized import Labelled
from hemline.families.dense import DenseSettings
from hemline.families.hyperparameters import Activation, Optimizer
from hemline.training.dense import BlockedDense, merge_kernels, split_kernels
from hemline.training.tensorflow import keras, tf
from hemline.training.trainer import Rates, Trainer
from hemline.training.trainer import _no_totals as no_totals

RATES = Rates(tf.constant(0.001), tf.constant(0.0))

LONGEST = 288  # terms that every processor with AVX2 sums in one block
# Sums of one term, of one block, of a few terms more, of two and of three blocks.
LENGTHS = [1, 7, LONGEST, LONGEST + 1, 2 * LONGEST, 784]


def layer(kind, features, units, activation="tanh"):
    made = kind(units, activation=activation, kernel_initializer=keras.initializers.GlorotUniform(seed=1), name="dense")
    made.build((None, features))
    return made


def weights(features, units):
    """Return a kernel and a bias, as Keras's layer has them."""
    generator = np.random.default_rng(2)
    kernel = generator.uniform(-1, 1, (features, units)) / np.sqrt(features)
    return [tf.constant(kernel, tf.float32), tf.constant(generator.normal(size=units), tf.float32)]


def answer(made, values, inputs):
    """Call the layer as the trainer does: a program without variables, whose weights are tensors."""
    return made.stateless_call(values, [], inputs)[0]


def images(n, features):
    return tf.constant(np.random.default_rng(3).random((n, features)), tf.float32)


def answers_and_gradients(made, values, inputs):
    """Return what the layer makes of the inputs, and the gradients of a sum of it, as arrays."""
    sources = [inputs, *values]
    with tf.GradientTape() as tape:
        tape.watch(sources)
        answers = answer(made, sources[1:], inputs)
        weighted = tf.reduce_sum(answers * tf.range(1.0, 1 + answers.shape[1]) / answers.shape[1])
    return answers.numpy(), [each.numpy() for each in tape.gradient(weighted, sources)]


def products(graph):
    """Yield the number of terms that each product of matrices sums over, also in the functions that a graph calls."""
    for operation in graph.get_operations():
        assert operation.type not in {"Einsum", "XlaDot", "XlaDotV2", "XlaEinsum"}, "a product that is not looked into"
        if operation.type == "MatMul":
            yield operation.inputs[0].shape[0 if operation.get_attr("transpose_a") else 1]
        if operation.type.startswith("BatchMatMul"):
            yield operation.inputs[0].shape[-2 if operation.get_attr("adj_x") else -1]
        for attribute in operation.node_def.attr.values():
            if attribute.func.name:
                yield from products(graph._get_function(attribute.func.name).graph)


@pytest.mark.parametrize(("n", "units"), [(5, 300), (300, 3)])
@pytest.mark.parametrize("features", LENGTHS)
def test_values_and_gradients_are_those_of_keras_s_layer_but_for_rounding(features, n, units):
    inputs = images(n, features)
    own = weights(features, units)
    expected, expected_gradients = answers_and_gradients(layer(keras.layers.Dense, features, units), own, inputs)
    answers, gradients = answers_and_gradients(layer(BlockedDense, features, units), split_kernels(own), inputs)
    gradients = [gradients[0], *(each.numpy() for each in merge_kernels(gradients[1:], [each.shape for each in own]))]
    assert answers.dtype == np.float32
    np.testing.assert_allclose(answers, expected, rtol=1e-5, atol=1e-5)
    for mine, theirs in zip(gradients, expected_gradients, strict=True):
        np.testing.assert_allclose(mine, theirs, rtol=1e-4, atol=1e-5 * max(1, np.abs(theirs).max()))


@pytest.mark.parametrize(("n", "features", "units"), [(8, 784, 3), (600, 8, 3), (8, 8, 600), (300, 784, 300)])
def test_no_product_of_the_layer_or_its_gradients_sums_over_more_terms_than_fit_one_block(n, features, units):
    made = layer(BlockedDense, features, units)

    @tf.function(autograph=False)
    def step(inputs, values):
        with tf.GradientTape() as tape:
            tape.watch([inputs, *values])
            answers = tf.reduce_sum(answer(made, values, inputs))
        return tape.gradient(answers, [inputs, *values])

    lengths = list(
        products(step.get_concrete_function(images(n, features), split_kernels(weights(features, units))).graph)
    )
    # The layer's sums, those of its inputs' gradient, those of its kernel's.
    assert len(lengths) >= 3
    assert max(lengths) <= LONGEST


def test_no_product_of_a_training_sums_over_more_terms_than_fit_one_block():
    generator = np.random.default_rng(0)
    data = Labelled(generator.random((400, 20, 20), np.float32), generator.integers(0, 3, 400))
    training = DenseSettings(hidden=[310, 5], epochs=1, batch_size=320)
    trainer = Trainer("tiny", training, 3, data)
    _, state = trainer._start(seed=0)
    chunk = next(trainer._train.chunks(trainer._order(seed=0, epoch=1)))
    lengths = list(products(trainer._run_chunk.get_concrete_function(state, no_totals(), chunk, RATES).graph))
    assert len(lengths) >= 3 * 3 - 1  # nobody needs the gradient of the images
    assert max(lengths) <= LONGEST


@pytest.mark.parametrize(
    "settings",
    [{"optimizer": each} for each in get_args(Optimizer)] + [{"activation": each} for each in get_args(Activation)],
    ids=lambda settings: "-".join(settings.values()),
)
def test_no_program_has_a_reciprocal_square_root_whose_bits_the_makers_of_processors_chose(settings):
    data = Labelled(np.zeros((8, 2, 2), np.float32), np.zeros(8, np.int64))
    trainer = Trainer("rsqrt", DenseSettings(hidden=[4], batch_size=4, **settings), 3, data)
    _, state = trainer._start(0)
    chunk = next(trainer._train.chunks(trainer._order(0, 1)))
    program = trainer._run_chunk.experimental_get_compiler_ir(state, no_totals(), chunk, RATES)(stage="optimized_hlo")
    assert "dot(" in program or "custom-call" in program
    assert "rsqrt" not in program
