import json
import os
import re
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest

from benchmarks.side_by_side import fit_side_by_side
from hemline.data.normalized import Labelled
from hemline.errors import InputError
from hemline.families.dense import DenseSettings
from hemline.training.model import build_model, load_model, predict, save_model
from hemline.training.tensorflow import PROGRAM_FOLDER, devices, keras, own_device, tf
from hemline.training.trainer import Rates, Trainer
from hemline.training.trainer import _no_totals as no_totals

RATES = Rates(tf.constant(0.001), tf.constant(0.0))

REPOSITORY = Path(__file__).parent.parent
CLASSES = {"adam": keras.optimizers.Adam, "rmsprop": keras.optimizers.RMSprop, "sgd": keras.optimizers.SGD}
# A last batch of 5 images; not a divisor of anything.
PATIENCE = 300  # seconds; no expectation, only an end to waiting
SETTINGS = {"hidden": [6], "epochs": 2, "batch_size": 16}


def labelled(n_images=37, shape=(4, 3), classes=3, seed=0):
    generator = np.random.default_rng(seed)
    labels = generator.integers(0, classes, n_images)
    # Brighter by class, so that there is something to learn.
    images = (generator.random((n_images, *shape)) + labels.reshape(-1, *[1] * len(shape))) / classes
    return Labelled(images.astype(np.float32), labels)


def trainer_of(data=None, watched=None, classes=3, **settings):
    return Trainer("tiny", DenseSettings(**(SETTINGS | settings)), classes, data or labelled(), watched)


def fit(trainer, seed=0):
    history = []
    return trainer.fit(seed, history.append), history


def weights_equal(first, second):
    return all(np.array_equal(a, b) for a, b in zip(first.get_weights(), second.get_weights(), strict=True))


def keras_loop(trainer, training, data, seed):
    """Train by Keras's own optimizer, one batch after the other, in the same order of images."""
    model = build_model(training, data.images.shape[1:], 3, seed, "reference")
    optimizer = CLASSES[training.optimizer](learning_rate=training.learning_rate)
    for epoch in range(1, training.epochs + 1):
        order = trainer._order(seed, epoch).ravel()[: len(data.labels)]
        for start in range(0, len(order), training.batch_size):
            places = order[start : start + training.batch_size]
            with tf.GradientTape() as tape:
                probabilities = model(data.images[places], training=True)
                losses = keras.losses.sparse_categorical_crossentropy(data.labels[places], probabilities)
                loss = tf.reduce_mean(losses)
            optimizer.apply(tape.gradient(loss, model.trainable_weights), model.trainable_weights)
    return model


@pytest.mark.parametrize(("optimizer", "n_images"), [("adam", 37), ("rmsprop", 17), ("sgd", 16)])
def test_the_compiled_epochs_equal_a_loop_over_single_steps_of_keras(optimizer, n_images):
    check_against_keras(DenseSettings(**SETTINGS, optimizer=optimizer, learning_rate=0.01), labelled(n_images))


@pytest.mark.trials(few=1, many=40)
def test_the_compiled_epochs_equal_a_loop_over_single_steps_of_keras_whatever_the_settings(repetition):
    generator = np.random.default_rng(repetition)
    settings = {
        "hidden": generator.integers(1, 20, generator.integers(0, 4)).tolist(),
        "epochs": 2,
        "batch_size": int(generator.integers(2, 20)),
        "activation": str(generator.choice(["tanh", "sigmoid", "elu", "selu", "gelu", "silu"])),
        "optimizer": str(generator.choice(["adam", "rmsprop", "sgd"])),
    }
    check_against_keras(DenseSettings(**settings, learning_rate=0.01), labelled(int(generator.integers(20, 60))))


def check_against_keras(training, data):
    trainer = Trainer("tiny", training, 3, data)
    model, _ = fit(trainer, seed=5)
    expected = keras_loop(trainer, training, data, seed=5)
    for mine, reference in zip(model.get_weights(), expected.get_weights(), strict=True):
        np.testing.assert_allclose(mine, reference, rtol=1e-3, atol=2e-5)


@pytest.mark.parametrize(("n_images", "size"), [(37, 16), (32, 16), (5, 5)])
def test_each_epoch_takes_each_image_once_in_an_order_of_its_own(n_images, size):
    trainer = trainer_of(labelled(n_images), batch_size=size)
    orders = [trainer._order(seed, epoch).ravel()[:n_images] for seed in (0, 1) for epoch in (1, 2)]
    for order in orders:
        assert sorted(order) == list(range(n_images))
    if n_images > 5:
        assert len({tuple(order) for order in orders}) == 4


def test_what_fills_up_the_last_batch_counts_for_nothing():
    data = labelled(17)
    # Only image 0 fills up: were it counted, 15 more of a class that no other image has would show.
    data.labels[:] = 1
    data.labels[0] = 2
    trainer = trainer_of(data, optimizer="sgd", learning_rate=1e-12, epochs=1, hidden=[])
    model, history = fit(trainer)
    answers = predict(model, data.images)
    assert history[0]["accuracy"] == pytest.approx((answers.argmax(axis=1) == data.labels).mean())
    assert history[0]["loss"] == pytest.approx(-np.log(answers[np.arange(17), data.labels]).mean(), rel=1e-5)


@pytest.mark.parametrize("n_images", [1, 513])
def test_the_figures_of_a_watched_set_are_those_that_keras_evaluates(n_images):
    watched = labelled(n_images, seed=9)
    model, history = fit(trainer_of(watched={"val": watched}))
    model.compile(loss="sparse_categorical_crossentropy", metrics=["accuracy"])
    loss, accuracy = model.evaluate(watched.images, watched.labels, verbose=0)
    assert history[-1]["val_loss"] == pytest.approx(loss, rel=1e-5)
    assert history[-1]["val_accuracy"] == pytest.approx(accuracy)


def test_the_training_figures_are_the_means_over_the_epoch_as_keras_reports_them():
    data = labelled(32)
    trainer = trainer_of(data, optimizer="sgd", epochs=1)
    _, history = fit(trainer, seed=2)
    model = build_model(DenseSettings(**SETTINGS), (4, 3), 3, 2, "reference")
    model.compile("sgd", "sparse_categorical_crossentropy", metrics=["accuracy"])
    model.optimizer.learning_rate = 0.001
    order = trainer._order(2, 1).ravel()
    reference = model.fit(data.images[order], data.labels[order], batch_size=16, shuffle=False, verbose=0)
    assert history[0]["loss"] == pytest.approx(reference.history["loss"][0], rel=1e-5)
    assert history[0]["accuracy"] == pytest.approx(reference.history["accuracy"][0])


def test_watching_a_set_changes_no_training():
    plain, _ = fit(trainer_of())
    watched, _ = fit(trainer_of(watched={"val": labelled(11, seed=1), "test": labelled(12, seed=2)}))
    assert weights_equal(plain, watched)


def test_an_epoch_has_the_figures_of_every_set_in_order():
    _, history = fit(trainer_of(watched={"val": labelled(11), "test": labelled(12)}))
    names = ["epoch", "loss", "accuracy", "val_loss", "val_accuracy", "test_loss", "test_accuracy"]
    assert [list(figures) for figures in history] == [names, names]
    assert [figures["epoch"] for figures in history] == [1, 2]


def test_training_twice_gives_equal_bytes_and_another_seed_others(tmp_path):
    trainer = trainer_of(dropout=0.4)
    for name, each, seed in (("first", trainer, 1), ("second", trainer_of(dropout=0.4), 1), ("other", trainer, 2)):
        model, _ = fit(each, seed)
        save_model(model, tmp_path / name)
    first, second, other = ((tmp_path / name).read_bytes() for name in ("first", "second", "other"))
    assert first == second
    assert first != other


IN_A_PROCESS = """
import json, os, sys
os.sched_setaffinity(0, json.loads(sys.argv[1]))
from hemline.training.tensorflow import devices
from pathlib import Path
import numpy as np
from hemline.training.model import save_model
from hemline.families.dense import DenseSettings
from hemline.data.normalized import Labelled
from hemline.training.trainer import Trainer
from hemline.training.trainer import _no_totals as no_totals
from benchmarks.side_by_side import fit_side_by_side
generator = np.random.default_rng(0)
data = Labelled(generator.random((300, 28, 28), np.float32), generator.integers(0, 10, 300))
training = DenseSettings(hidden=[64], epochs=2, batch_size=32, dropout=0.2)
trainer = Trainer("tiny", training, 10, data, {"val": data})
history = []
for seed, model in fit_side_by_side(trainer, [0, 1, 2], lambda seed, figures: history.append([seed, figures])).items():
    save_model(model, Path(sys.argv[2]) / f"{seed}.keras")
    np.save(Path(sys.argv[2]) / f"{seed}.npy", trainer.predict(model, data.images))
print(json.dumps([len(devices()), sorted(history, key=str)]))
"""


def test_one_core_and_two_give_equal_bytes_figures_and_predictions(tmp_path):
    cores = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else []
    if len(cores) < 2:
        pytest.skip("needs two cores that this process may be bound to")
    results = []
    for number in (1, 2):
        (tmp_path / str(number)).mkdir()
        command = [sys.executable, "-c", IN_A_PROCESS, json.dumps(cores[:number]), str(tmp_path / str(number))]
        done = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=True, timeout=PATIENCE)
        results.append(json.loads(done.stdout))
    assert [devices for devices, _ in results] == [1, 2]
    assert results[0][1] == results[1][1]
    for name in (f"{seed}.{kind}" for seed in range(3) for kind in ("keras", "npy")):
        assert (tmp_path / "1" / name).read_bytes() == (tmp_path / "2" / name).read_bytes()


@pytest.fixture(scope="module")
def predicting():
    """A trainer, its model, and more images than one call of the program that predicts takes."""
    trainer = trainer_of(hidden=[5, 4], dropout=0.3)
    model, _ = fit(trainer)
    return trainer, model, labelled(2100, seed=3).images


def test_predictions_are_those_of_the_loaded_keras_model_but_for_rounding(predicting, tmp_path):
    trainer, model, images = predicting
    save_model(model, tmp_path / "model.keras")
    predicted = trainer.predict(model, images)
    assert (predicted.shape, predicted.dtype) == ((2100, 3), np.float32)
    np.testing.assert_allclose(predicted, predict(load_model(tmp_path / "model.keras"), images), rtol=0, atol=1e-5)


@pytest.mark.parametrize("cuts", [[7, 1000], [2047, 2049]])
def test_predictions_are_the_same_bytes_however_the_images_are_divided(predicting, cuts):
    trainer, model, images = predicting
    parts = [trainer.predict(model, part) for part in np.split(images, cuts)]
    assert np.concatenate(parts).tobytes() == trainer.predict(model, images).tobytes()


@pytest.mark.parametrize("fitting", [1, 200])
def test_of_large_images_fewer_are_predicted_at_a_time_to_the_same_bytes(predicting, fitting, monkeypatch):
    trainer, model, images = predicting
    expected = trainer.predict(model, images).tobytes()
    monkeypatch.setattr("hemline.training.trainer._PREDICTION_BYTES", fitting * images[0].nbytes)
    read = []
    predict = trainer._run_prediction
    monkeypatch.setattr(trainer, "_run_prediction", lambda *state: read.append(len(state[-1])) or predict(*state))
    assert trainer.predict(model, images).tobytes() == expected
    assert set(read) == {max(64, fitting // 64 * 64)}


def test_no_images_have_no_predictions(predicting):
    trainer, model, images = predicting
    assert trainer.predict(model, images[:0]).shape == (0, 3)


def test_seeds_share_one_program_for_training_and_one_for_each_size_of_a_watched_set():
    trainer = trainer_of(watched={"val": labelled(11), "test": labelled(13)})
    assert trainer.compilations == 0
    fit_side_by_side(trainer, range(5))
    assert trainer.compilations == 3


def test_what_one_device_compiled_the_others_load():
    def compiled():
        return {path: path.stat().st_ino for path in PROGRAM_FOLDER.iterdir()}

    before, files = compiled(), []
    trainer = trainer_of(watched={"val": labelled(11)})
    for device in devices():
        with tf.device(device):
            trainer.fit(seed=0)
        files.append({path: inode for path, inode in compiled().items() if path not in before})
    assert len(files[0]) == trainer.compilations == 2
    # A device that compiles writes the file again, as another one.
    assert all(each == files[0] for each in files)


def test_devices_that_start_together_compile_once(monkeypatch):
    trainer, running, most = trainer_of(), 0, 0
    run = trainer._run_chunk

    def spy(state, totals, chunk, rates):
        nonlocal running, most
        if chunk.n_images == 0:
            running += 1
            most = max(most, running)
            time.sleep(0.05)
            running -= 1
        return run(state, totals, chunk, rates)

    monkeypatch.setattr(trainer, "_run_chunk", spy)
    threads = [threading.Thread(target=trainer.fit, args=(seed,)) for seed in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE)
    assert most == 1


def test_a_temporary_folder_that_is_full_is_one_line(monkeypatch):
    trainer = trainer_of()

    def full(*_):
        raise tf.errors.ResourceExhaustedError(None, None, f"{PROGRAM_FOLDER}/program.pb; No space left on device")

    monkeypatch.setattr(trainer, "_run_chunk", full)
    with pytest.raises(InputError, match=rf"^{PROGRAM_FOLDER}: no space is left .* by TMPDIR$"):
        trainer.fit(seed=0)


@pytest.mark.parametrize("optimizer", ["adam", "rmsprop", "sgd"])
def test_a_step_updates_the_weights_of_a_layer_in_place(optimizer):
    # 12 inputs and 50 units: no other tensor of a step has 600 numbers.
    trainer = trainer_of(hidden=[50], optimizer=optimizer)
    _, state = trainer._start(seed=0)
    chunk = next(trainer._train.chunks(trainer._order(seed=0, epoch=1)))
    program = trainer._run_chunk.experimental_get_compiler_ir(state, no_totals(), chunk, RATES)(stage="optimized_hlo")
    (body,) = re.findall(r"^%while_body.*?^}", program, re.MULTILINE | re.DOTALL)
    assert re.search(r"f32\[600\]\S* fusion\(", body), "the update is not found"
    assert not re.search(r"f32\[(600|12,50)\]\S* copy\(", body)


def test_the_images_are_loaded_once_for_all_seeds_and_epochs(monkeypatch):
    trainer, seen = trainer_of(), []
    chunks = trainer._train.chunks

    def spy(order):
        for chunk in chunks(order):
            seen.append(chunk.images)
            yield chunk

    monkeypatch.setattr(trainer._train, "chunks", spy)
    fit_side_by_side(trainer, range(3))
    assert len(seen) == 3 * SETTINGS["epochs"]
    assert len({id(images) for images in seen}) == 1


def test_dropout_is_active_while_training_and_not_while_watching():
    data = labelled(200)
    settings = {"dropout": 0.9, "hidden": [32], "epochs": 1, "optimizer": "sgd", "learning_rate": 1e-12}
    _, history = fit(trainer_of(data, {"val": data}, **settings))
    _, without = fit(trainer_of(data, {"val": data}, **settings | {"dropout": 0.0}))
    assert history[0]["val_loss"] == pytest.approx(without[0]["val_loss"], rel=1e-3)
    assert history[0]["loss"] != pytest.approx(history[0]["val_loss"], rel=1e-2)


def test_dropout_differs_from_step_to_step_and_epoch_to_epoch():
    # Weights that do not move and images that are all the same: only dropout can change the loss of an epoch.
    same = Labelled(np.ones((16, 4, 3), np.float32), np.zeros(16, int))
    _, history = fit(
        trainer_of(same, dropout=0.5, optimizer="sgd", learning_rate=1e-12, epochs=4, batch_size=1, hidden=[32])
    )
    assert len({figures["loss"] for figures in history}) == 4


def test_the_training_ends_after_the_first_epoch_whose_loss_is_below_the_threshold():
    settings = {"epochs": 12, "learning_rate": 0.05}
    _, full = fit(trainer_of(**settings))
    losses = [figures["loss"] for figures in full]
    threshold = losses[4] + 1e-6
    first = next(place for place, loss in enumerate(losses) if loss < threshold)
    model, stopped = fit(trainer_of(**settings, stop_below_loss=threshold))
    assert stopped == full[: first + 1]
    shorter, _ = fit(trainer_of(**settings | {"epochs": first + 1}))
    assert weights_equal(model, shorter)


def test_a_threshold_that_is_just_met_does_not_stop():
    _, full = fit(trainer_of(epochs=3))
    _, same = fit(trainer_of(epochs=3, stop_below_loss=full[0]["loss"]))
    assert len(same) > 1


@pytest.mark.parametrize(("shape", "classes"), [((4, 3, 1), 12), ((2, 2, 3), 3), ((1, 1), 2)])
def test_images_with_and_without_channels_and_any_number_of_classes_are_trained(shape, classes):
    data = labelled(40, shape, classes)
    model, history = fit(trainer_of(data, {"val": data}, classes, epochs=40, learning_rate=0.02))
    assert model.output_shape == (None, classes)
    assert history[-1]["loss"] < history[0]["loss"]


def test_a_batch_larger_than_the_data_is_refused_and_one_as_large_is_not():
    with pytest.raises(InputError, match="batch_size: must be at most the number of training images, 37, got 38"):
        trainer_of(batch_size=38)
    _, history = fit(trainer_of(batch_size=37))
    assert len(history) == 2


# Several seeds side by side.


def test_seeds_side_by_side_give_what_each_gives_alone():
    models = fit_side_by_side(trainer_of(dropout=0.3), range(4))
    assert sorted(models) == [0, 1, 2, 3]
    alone = trainer_of(dropout=0.3)
    for seed, model in models.items():
        assert weights_equal(model, fit(alone, seed)[0])


def test_threads_that_train_have_devices_of_their_own_and_the_next_one_the_last_that_was_free():
    if len(devices()) < 2:
        pytest.skip("needs two cores")
    with own_device() as first, own_device() as second:
        assert {first, second} <= set(devices())
        assert first != second
    # The latest, for which everything has been compiled, and not the one that was free the longest.
    with own_device() as again:
        assert again == first
    with own_device() as once_more:
        assert once_more == first


def poisoned():
    """A data set in which one pixel is infinite."""
    data = labelled()
    data.images[3, 1, 1] = np.inf
    return data


@pytest.mark.parametrize(
    ("data", "settings"),
    [
        (poisoned, {}),
        (labelled, {"learning_rate": 1e30, "optimizer": "sgd", "activation": "relu"}),
        (labelled, {"learning_rate": 1e300, "optimizer": "sgd"}),
    ],
    ids=["an infinite pixel", "a huge step", "a step beyond float32"],
)
def test_a_loss_that_is_no_longer_finite_is_one_line_with_variant_seed_and_epoch(data, settings):
    seen = []
    with pytest.raises(InputError, match=r"^tiny, seed 8, epoch \d+: the loss is no longer finite") as error:
        trainer_of(data(), epochs=30, **settings).fit(8, seen.append)
    assert len(str(error.value).splitlines()) == 1
    assert "learning_rate" in str(error.value)
    # The broken epoch is recorded nowhere.
    assert f"epoch {len(seen) + 1}:" in str(error.value)
    assert all(np.isfinite(list(figures.values())).all() for figures in seen)


def test_weights_that_become_infinite_in_the_last_step_are_no_model():
    # One batch only: its loss is that of the first weights, and finite.
    with pytest.raises(InputError, match="epoch 1: the loss is no longer finite"):
        fit(trainer_of(epochs=1, batch_size=37, optimizer="sgd", learning_rate=1e300))
