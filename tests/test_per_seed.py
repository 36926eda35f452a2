"""Each seed with validation images of its own: drawn, stored once, read, trained on, and judged by their own seed."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from sets_for_tests import write_sets
from test_job import TrainingCallbacks

from benchmarks.simulated_splits import Resampling, Splits, coverage
from hemline.comparison.doubts import Predicted, merged
from hemline.comparison.metrics import find_metric
from hemline.comparison.resampled import resampled
from hemline.comparison.selection import select_by_splits
from hemline.data.labels import Labels
from hemline.data.normalized import About, Labelled, Normalized
from hemline.data.rows import Rows
from hemline.data.splits import choose, choose_per_seed
from hemline.errors import InputError
from hemline.families.dense import DenseSettings
from hemline.jobs.checkpoint import StageCheckpoints
from hemline.jobs.job import TrainingJob, TrainingSpec
from hemline.jobs.run import train_one
from hemline.jobs.trained import Settings, Trained
from hemline.params import Normalize
from hemline.training import streaming
from hemline.training.streaming import Streamed

LABELS = np.repeat(np.arange(4, dtype=np.uint8), [80, 40, 40, 40])
PARTS = {"train": Labels(LABELS, []), "test": Labels(LABELS[:8], [])}
SEEDS = [0, 1, 7]


def test_each_seed_draws_as_much_of_each_class_from_the_same_images():
    found = choose_per_seed(PARTS, SEEDS, validation_split=0.25)
    assert len(found.pool.indices) == len(LABELS)
    for places in found.validation.values():
        assert np.bincount(LABELS[places]).tolist() == [20, 10, 10, 10]
    assert len({tuple(places) for places in found.validation.values()}) == len(SEEDS)


@pytest.mark.parametrize("share", [1, 0.5])
def test_seed_0_has_the_validation_images_of_the_fixed_split(share):
    found = choose_per_seed(PARTS, SEEDS, validation_split=0.25, train_share=share)
    fixed = choose(PARTS, validation_split=0.25, train_share=share)
    assert found.pool.indices[found.validation[0]].tolist() == fixed["validation"].indices.tolist()
    assert np.delete(found.pool.indices, found.validation[0]).tolist() == fixed["train"].indices.tolist()


def test_images_of_one_object_stay_together_in_every_split():
    groups = np.arange(len(LABELS)) // 4
    found = choose_per_seed({"train": Labels(LABELS, [], groups), "test": PARTS["test"]}, SEEDS, validation_split=0.2)
    for places in found.validation.values():
        assert not set(groups[places]) & set(np.delete(groups, places))


@pytest.fixture
def data(tmp_path):
    """Twenty images for training and validation and four for the test, with splits of different sizes."""
    numbers = np.arange(24, dtype=np.uint8)[:, None, None] * np.ones((1, 4, 3), np.uint8)
    labels, folder = np.arange(24) % 3, tmp_path / "normalized"
    Normalized(folder).write(
        {"pool": ("train", np.arange(20)), "test": ("test", np.arange(4))},
        {"train": labels[:20], "test": labels[20:]},
        lambda part: iter([numbers[:20] if part == "train" else numbers[20:]]),
        (4, 3),
        About(classes=["a", "b", "c"], scale=24),
        splits={
            "validation": {0: np.array([1, 4, 6]), 3: np.array([0, 5]), 7: np.array([2])},
            "train": {7: np.array([3, 9])},
        },
    )
    return Normalized(folder)


def shown(labelled):
    return np.asarray(labelled.images)[:, 0, 0].tolist()


def test_the_images_are_stored_once_and_each_seed_reads_its_own_sets(data):
    assert data.sets == ("pool", "test")
    own = data.of_seed(3)
    assert shown(own.read("validation")) == [0, 5]
    assert shown(own.read("train")) == [each for each in range(20) if each not in {0, 5}]
    assert own.labels("train").tolist() == [each % 3 for each in shown(own.read("train"))]
    assert shown(own.read("test")) == [20, 21, 22, 23]
    assert shown(data.of_seed(7).read("train")) == [3, 9]
    assert {"train-of-seed-7.npy", "validation-of-seed-7.npy"} <= data.digests(test_labels=False).keys()


def test_a_seed_without_a_split_and_a_reader_without_a_seed_are_refused(data):
    with pytest.raises(InputError, match=r"validation-of-seed-1.npy: no such file; run `dvc repro normalize`$"):
        data.of_seed(1).read("train")
    with pytest.raises(InputError, match=r"train-images.npy: no such file"):
        data.read("train")
    np.save(data.path / "validation-of-seed-3.npy", np.array([20], np.uint32))
    with pytest.raises(InputError, match=r"validation-of-seed-3.npy: must be places of 20 images"):
        data.of_seed(3).images("train")


def test_without_splits_every_seed_reads_the_same_sets(tmp_path):
    some = Labelled(np.zeros((6, 2, 3), np.float32), np.arange(6) % 2)
    write_sets({"train": some, "validation": some, "test": some}, ["a", "b"], 1, folder=tmp_path / "own")
    normalized = Normalized(tmp_path / "own")
    assert normalized.of_seed(3) is normalized


@pytest.mark.parametrize("rows", [2, slice(1, None, 2), np.array([2, 0])], ids=["one", "a slice", "some"])
def test_rows_are_read_as_those_of_an_array(rows):
    array, places = np.arange(24).reshape(8, 3), np.array([1, 2, 6])
    read = Rows(array, places)
    np.testing.assert_array_equal(read[rows], array[places][rows], strict=True)
    assert (read.shape, read.dtype, read.nbytes, len(read)) == ((3, 3), array.dtype, array[places].nbytes, 3)
    np.testing.assert_array_equal(read.reshape(3, -1), array[places])


def test_streamed_rows_are_those_of_the_seed(monkeypatch):
    monkeypatch.setattr(streaming, "CHUNK_BYTES", 2 * 8 * 12)
    images, labels = np.random.default_rng(0).integers(0, 255, (60, 4, 3)).astype(np.uint8), np.arange(60) % 3
    places = np.setdiff1d(np.arange(60), [3, 9, 11])
    order = np.zeros(64, np.int32)
    order[:57] = np.random.default_rng(1).permutation(57)
    sets = [Labelled(each, labels[places], 255) for each in (images[places], Rows(images, places))]
    whole, lazy = ([*Streamed(each, 8).chunks(order.reshape(-1, 8))] for each in sets)
    for one, other in zip(whole, lazy, strict=True):
        np.testing.assert_array_equal(one.labels, other.labels)
        for block, same in zip(one.images.blocks, other.images.blocks, strict=True):
            np.testing.assert_array_equal(block, same)


@pytest.fixture
def spec(data):
    settings = Settings(
        variant="tiny",
        dataset="tiny",
        normalize=Normalize(scale=24, split="per_seed"),
        training=DenseSettings(hidden=[3], epochs=1, batch_size=4),
    )
    return replace(
        TrainingSpec.of(settings, data.digests(test_labels=False), record_test=False), data=data.path.resolve()
    )


def test_a_further_seed_leaves_the_other_trainings_what_they_are_and_another_split_does_not(spec, data):
    more = TrainingSpec.of(spec.settings, spec.digests | {"validation-of-seed-8.npy": "1" * 64}, record_test=False)
    assert more.key_of(3) == spec.key_of(3)
    np.save(data.path / "validation-of-seed-3.npy", np.array([0, 6], np.uint32))
    other = TrainingSpec.of(spec.settings, data.digests(test_labels=False), record_test=False)
    assert other.key == spec.key
    assert (other.key_of(3) == spec.key_of(3), other.key_of(0) == spec.key_of(0)) == (False, True)


def test_a_checkpoint_of_another_split_is_ignored(spec, tmp_path, capsys):
    result = train_one(TrainingJob(spec, 3), TrainingCallbacks())
    checkpoints = StageCheckpoints("tiny", spec.key, tmp_path / "checkpoints", spec.key_of)
    checkpoints.finish(3, result)
    assert checkpoints.finished(3) is not None
    checkpoints.close(remove=False)
    other = replace(spec, digests=spec.digests | {"validation-of-seed-3.npy": "2" * 64})
    assert StageCheckpoints("tiny", spec.key, tmp_path / "checkpoints", other.key_of).finished(3) is None
    assert "belongs to another training" in capsys.readouterr().out


def test_a_seed_predicts_its_own_validation_images_and_shorter_rows_are_filled(spec, data, tmp_path):
    results = [train_one(TrainingJob(spec, seed), TrainingCallbacks()) for seed in (0, 3)]
    assert [len(each.predicted["validation"]) for each in results] == [3, 2]
    own = results[1].predicted["validation"].argmax(axis=1) == data.of_seed(3).labels("validation")
    assert results[1].history[-1]["val_accuracy"] == pytest.approx(own.mean())
    trained = Trained("tiny", tmp_path)
    trained.create(spec.settings)
    history = [{"seed": seed, "epoch": 1, "loss": 1, "accuracy": 1} for seed in (0, 3)]
    trained.write(history, [], {"validation": [each.predicted["validation"] for each in results]})
    written = trained.probabilities("validation", (2, 3, 3))
    np.testing.assert_array_equal(written[1, :2], results[1].predicted["validation"])
    assert np.isnan(written[1, 2]).all()


def test_only_a_split_that_is_not_the_usual_one_is_written_with_the_models(spec):
    assert spec.settings.model_dump()["normalize"]["split"] == "per_seed"
    assert spec.settings.flat()["split"] == "per_seed"
    usual = spec.settings.model_copy(update={"normalize": Normalize()})
    assert "split" not in usual.model_dump()["normalize"] | usual.flat()


def test_a_label_is_judged_by_those_seeds_alone_that_did_not_train_on_it():
    sure, unsure = np.array([[1, 0]], np.float32), np.array([[0.5, 0.5]], np.float32)
    first = Predicted(np.array([0, 1]), np.stack([sure, sure], axis=1), np.array([2, 5]))
    second = Predicted(np.array([1, 0]), np.stack([unsure, unsure], axis=1), np.array([5, 7]))
    found = merged([first, second])
    assert found.places.tolist() == [2, 5, 7]
    assert found.labels.tolist() == [0, 1, 0]
    assert found.probabilities.tolist() == [[[1, 0], [0.75, 0.25], [0.5, 0.5]]]


def test_the_resampled_interval_is_the_t_interval_with_a_larger_variance():
    values = np.array([0.03, 0.01, 0.04, 0.02])
    found = resampled(values, 0.25)
    error = np.sqrt((1 / 4 + 0.25) * values.var(ddof=1))
    low, high = stats.t.interval(0.95, 3, values.mean(), error)
    assert found == pytest.approx((0.025, low, high, 2 * stats.t.sf(0.025 / error, 3)))
    usual = stats.ttest_1samp(values, 0)
    assert resampled(values, 0).p_value == pytest.approx(usual.pvalue)


@pytest.mark.parametrize(("values", "p_value"), [([0.0, 0.0], 1), ([0.1, 0.1], 0)])
def test_where_no_split_differs_the_resampled_interval_has_no_width(values, p_value):
    assert resampled(values, 0.1) == (values[0], values[0], values[0], p_value)


SIZES = {"linear": 10, "small": 100, "large": 1000}


@pytest.mark.parametrize(
    ("small", "tied", "chosen"),
    [
        ([0.84, 0.87, 0.83, 0.86], {"small", "large"}, "small"),
        ([0.83, 0.85, 0.838, 0.83], {"small", "large"}, "small"),  # p = 0.12
        ([0.80, 0.83, 0.81, 0.82], {"large"}, "large"),
    ],
    ids=["now ahead, now behind", "mostly behind", "behind in each split"],
)
def test_variants_tie_by_the_differences_of_their_seeds_on_the_same_images(small, tied, chosen):
    values = pd.DataFrame({"linear": [0.70, 0.73, 0.71, 0.72], "small": small, "large": [0.85, 0.88, 0.84, 0.84]})
    found = select_by_splits(values, 1 / 9, SIZES, "linear", find_metric("accuracy"))
    assert (found.best, set(found.tied), found.chosen) == ("large", tied, chosen)


def test_of_a_loss_the_lower_one_leads_in_splits_too():
    values = pd.DataFrame({"linear": [0.9, 0.8], "small": [0.3, 0.2], "large": [0.5, 0.4]})
    assert select_by_splits(values, 1 / 9, SIZES, "linear", find_metric("log_loss")).best == "small"


def test_the_interval_covers_the_choice_of_the_split_where_each_seed_draws_its_own():
    fixed, per_seed = (coverage(Splits(split=2, per_seed=each), seeds=4, repetitions=100) for each in (False, True))
    assert fixed < 0.75
    assert per_seed > 0.88


def test_over_redrawn_test_sets_the_corrected_interval_covers_more_often_than_the_usual_one():
    images = np.random.default_rng(2)
    made = Resampling(images=60, held_out=0.2, features=2)
    values = made.gain(images, made.sample(images, 60), 12, 10)
    corrected, usual = resampled(values, 12 / 48), resampled(values, 0)
    assert corrected.low < usual.low < usual.high < corrected.high
