import numpy as np
import pytest

from hemline.families.dense import DenseSettings
from hemline.training.model import build_model, describe_layers, load_model, predict, save_model, serving_model
from hemline.training.tensorflow import keras

TRAINING = DenseSettings(hidden=[6, 5], dropout=0.5)


def images(*shape, seed=0):
    return np.random.default_rng(seed).random(shape, np.float32)


def build(seed=0, shape=(4, 3), classes=3, training=TRAINING):
    return build_model(training, shape, classes, seed, "tiny")


@pytest.mark.parametrize(("shape", "classes"), [((4, 3), 3), ((5, 5, 3), 17), ((1, 1), 2), ((2, 3, 1), 3)])
def test_images_of_any_size_become_probabilities_of_the_classes(shape, classes):
    probabilities = predict(build(shape=shape, classes=classes), images(7, *shape))
    assert probabilities.shape == (7, classes)
    assert probabilities.dtype == np.float32
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, rtol=1e-5)


def test_a_seed_determines_the_weights_whatever_the_global_seed():
    keras.utils.set_random_seed(1)
    first = build(seed=3).get_weights()
    keras.utils.set_random_seed(2)
    again = build(seed=3).get_weights()
    other = build(seed=4).get_weights()
    for one, same in zip(first, again, strict=True):
        np.testing.assert_array_equal(one, same)
    assert any(not np.array_equal(one, different) for one, different in zip(first, other, strict=True))


def test_building_leaves_the_global_seed_alone():
    keras.utils.set_random_seed(5)
    expected = keras.random.normal((3,))
    keras.utils.set_random_seed(5)
    build()
    np.testing.assert_array_equal(keras.random.normal((3,)), expected)


def test_layers_are_those_of_the_settings():
    names = [layer.name for layer in build().layers]
    assert names == ["flatten", "dense-1", "dropout-1", "dense-2", "dropout-2", "probabilities"]
    assert [layer.name for layer in build(training=DenseSettings(hidden=[])).layers] == ["flatten", "probabilities"]
    assert (
        build(training=DenseSettings(hidden=[4], activation="tanh")).get_layer("dense-1").activation.__name__ == "tanh"
    )


def test_the_table_of_layers_counts_every_parameter():
    model = build()
    rows = describe_layers(model)
    assert sum(row["parameters"] for row in rows) == model.count_params() == (12 * 6 + 6) + (6 * 5 + 5) + (5 * 3 + 3)
    assert [row["output_shape"] for row in rows[:2]] == ["12", "6"]


def test_predicting_in_batches_changes_nothing_and_drops_nothing():
    model = build()
    pixels = images(10, 4, 3)
    np.testing.assert_allclose(predict(model, pixels, batch_size=3), predict(model, pixels), rtol=1e-5)


def test_dropout_is_active_while_training_only():
    model = build()
    pixels = images(50, 4, 3)
    np.testing.assert_array_equal(predict(model, pixels), predict(model, pixels))
    assert not np.array_equal(model(pixels, training=True), model(pixels, training=False))


@pytest.mark.parametrize(("shape", "scale"), [((4, 3), 255), ((4, 3), 1), ((5, 5, 3), 127.5)])
def test_the_serving_model_takes_raw_pixels_and_scales_them_as_normalize_does(shape, scale):
    model = build(shape=shape)
    raw = np.random.default_rng(0).integers(0, 256, (20, *shape), np.uint8)
    served = serving_model(model, scale)(raw.astype(np.float32))
    expected = model(np.divide(raw, np.float32(scale), dtype=np.float32))
    np.testing.assert_allclose(served, expected, rtol=1e-4, atol=1e-6)


def test_a_saved_model_loads_with_equal_weights_and_answers(tmp_path):
    model = build()
    save_model(model, tmp_path / "model.keras")
    loaded = load_model(tmp_path / "model.keras")
    np.testing.assert_array_equal(predict(loaded, images(9, 4, 3)), predict(model, images(9, 4, 3)))
    assert loaded.name == "tiny"


def test_equal_models_are_equal_bytes_and_nothing_else_is_left_in_the_folder(tmp_path):
    for name in ("first", "second"):
        save_model(build(seed=3), tmp_path / f"{name}.keras")
    save_model(build(seed=4), tmp_path / "other.keras")
    first, second, other = ((tmp_path / f"{name}.keras").read_bytes() for name in ("first", "second", "other"))
    assert first == second
    assert first != other
    assert sorted(path.name for path in tmp_path.iterdir()) == ["first.keras", "other.keras", "second.keras"]
