import numpy as np
import pytest

from hemline.families.hyperparameters import Optimizer
from hemline.training.optimizers import OPTIMIZERS
from hemline.training.tensorflow import keras, tf

CLASSES = {"adam": keras.optimizers.Adam, "rmsprop": keras.optimizers.RMSprop, "sgd": keras.optimizers.SGD}
SHAPES = [(5, 3), (3,), (1,)]
STEPS = 20


def random_tensors(generator, spread=1.0):
    return [tf.constant(generator.normal(0, spread, shape), tf.float32) for shape in SHAPES]


def ours(name, weights, gradients, rate):
    optimizer = OPTIMIZERS[name]
    slots = optimizer.start(weights)
    for step, each in enumerate(gradients, start=1):
        weights, slots = optimizer.apply(weights, each, slots, rate, tf.constant(float(step)))
    return weights


def keras_own(name, weights, gradients, rate):
    variables = [keras.Variable(weight) for weight in weights]
    optimizer = CLASSES[name](learning_rate=rate)
    for each in gradients:
        optimizer.apply(each, variables)
    return [variable.value for variable in variables]


def test_every_optimizer_of_the_parameters_exists_and_is_held_against_its_class():
    assert set(OPTIMIZERS) == set(CLASSES) == set(Optimizer.__args__)


@pytest.mark.parametrize(("spread", "rate"), [(1.0, 0.3), (1e-6, 0.001), (1e4, 0.001)])
@pytest.mark.parametrize("name", OPTIMIZERS)
def test_many_steps_equal_those_of_the_class_of_the_same_name_but_for_rounding(name, spread, rate):
    generator = np.random.default_rng(0)
    weights = random_tensors(generator, spread)
    gradients = [random_tensors(generator, spread) for _ in range(STEPS)]
    pairs = zip(ours(name, weights, gradients, rate), keras_own(name, weights, gradients, rate), weights, strict=True)
    for mine, expected, start in pairs:
        # Relative to how far the weights have come: a wrong epsilon or order of steps shows there.
        moved = np.abs(expected - start).max()
        assert moved > 0
        rounding = STEPS * np.finfo(np.float32).eps * np.abs(expected).max()
        np.testing.assert_allclose(mine, expected, rtol=0, atol=1e-5 * moved + rounding)


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_a_gradient_of_zero_moves_nothing_at_first(name):
    weights = random_tensors(np.random.default_rng(1))
    zeros = [[tf.zeros_like(weight) for weight in weights]] * 3
    for mine, start in zip(ours(name, weights, zeros, 0.1), weights, strict=True):
        np.testing.assert_array_equal(mine, start)


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_a_step_leaves_its_arguments_alone(name):
    generator = np.random.default_rng(2)
    weights, gradients = random_tensors(generator), random_tensors(generator)
    before = [weight.numpy() for weight in weights]
    slots = OPTIMIZERS[name].start(weights)
    OPTIMIZERS[name].apply(weights, gradients, slots, 0.1, tf.constant(1.0))
    for weight, copy in zip(weights, before, strict=True):
        np.testing.assert_array_equal(weight, copy)
    assert all(not np.any(slot) for own in slots for slot in own)
