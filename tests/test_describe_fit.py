"""Settings fit the number of images: steps like Fashion-MNIST's, and every class in each set."""

from pathlib import Path

import numpy as np
import pytest

from hemline.data.description import Split, load_dataset
from hemline.data.labels import Labels
from hemline.data.levels import count_levels, quantile
from hemline.data.pixels import Pixels
from hemline.describe.findings import range_sentence
from hemline.describe.fit import STEPS, changed, changes, fit, fitting_scale, labels_of
from hemline.errors import InputError
from hemline.jobs.agreement import check_agreement
from hemline.params import load_params, parse_params
from hemline.schema import read_yaml


def labelling(*counts):
    return Labels(np.repeat(np.arange(len(counts)), counts), [])


def fit_all(*counts, test=0.2):
    """Fit a data set of so many images of each class, without a test set."""
    return fit({"all": labelling(*counts)}, [str(number) for number in range(len(counts))], Split(test=test))


def test_fashion_mnist_gets_the_settings_that_it_is_published_with():
    found = fit({"train": labelling(*[6000] * 10), "test": labelling(*[1000] * 10)}, list("0123456789"), None)
    assert (found.batch_size, found.epochs, found.validation_split) == (32, 5, 0.1)
    assert found.steps == STEPS


def test_small_sets_get_more_epochs_and_the_smallest_ones_smaller_batches():
    digits = fit_all(*[180] * 10)
    assert (digits.batch_size, digits.epochs, digits.training_images) == (32, 200, 1296)
    hundred = fit_all(50, 50)
    assert (hundred.batch_size, hundred.epochs, hundred.training_images) == (2, 200, 72)
    assert fit_all(200, 200).batch_size == 8


@pytest.mark.parametrize("images", [12, 40, 300, 2000, 30_000])
def test_whatever_the_size_an_epoch_has_steps_and_a_training_not_too_many(images):
    found = fit_all(images, images)
    assert found.steps <= 1.05 * STEPS
    assert found.training_images / found.batch_size >= min(30, found.training_images / 2)


def test_sets_far_larger_still_get_five_epochs():
    assert fit_all(300_000, 300_000).epochs == 5


def test_the_validation_set_grows_until_it_has_images_of_every_class():
    found = fit_all(200, 200, 4)
    assert found.validation_split == 0.15
    parts = {"all": labelling(200, 200, 4)}
    assert set(labels_of(parts, found.sets["validation"])) == {0, 1, 2}


def test_a_given_validation_set_is_left_as_it_is():
    parts = {"train": labelling(50, 50), "validation": labelling(9, 1), "test": labelling(5, 5)}
    found = fit(parts, ["a", "b"], None)
    assert (found.training_images, found.validation_split, len(found.sets["validation"].indices)) == (100, 0.1, 10)


def test_a_class_of_one_image_is_refused_with_the_remedy():
    with pytest.raises(InputError, match=r"split\.test: .*1 of the rarest class.*; give the rarest class more images"):
        fit_all(50, 50, 1)


@pytest.mark.parametrize(
    ("pixels", "scale"),
    [
        (Pixels(), 255),
        (Pixels(highest=16), 16),
        (Pixels(type="uint16", highest=4095), 4095),
        (Pixels(type="float32", lowest=-2.5, highest=1), 2.5),
        (Pixels(type="float32", lowest=0, highest=1e-9), 0.001),
    ],
)
def test_the_scale_makes_the_largest_pixel_one_where_it_can(pixels, scale):
    assert fitting_scale(pixels) == scale


def levels_of(*values):
    return count_levels(np.array(values, np.uint8))


def test_a_few_pixels_that_are_far_larger_than_all_others_do_not_set_the_scale():
    assert fitting_scale(Pixels(), levels_of(*999 * [16], 255)) == 16
    assert fitting_scale(Pixels(), levels_of(*998 * [16], 255, 255)) == 255
    assert fitting_scale(Pixels(), levels_of(*999 * [200], 255)) == 255  # not far smaller
    assert fitting_scale(Pixels(), levels_of(*999 * [0], 255)) == 255
    assert fitting_scale(Pixels(), levels_of(*1000 * [77])) == 91  # levels are by a fourth root of 2 apart


def test_pixels_that_use_a_small_part_of_the_range_are_told_with_the_scale_that_helps():
    # A white marker in each picture, where all else reaches 16.
    marked = levels_of(*30 * [0], *40 * [16], 255, 255)
    assert "90 % are at most 16. Divided by 255, they are" in range_sentence(marked, 255)
    assert range_sentence(marked, 255).endswith("try normalize.scale=16.")
    assert range_sentence(marked, 16) == ""
    assert range_sentence(levels_of(*100 * [0], *3 * [200]), 255) == ""


def test_quantiles_are_of_absolute_values_of_any_type_and_of_large_images_too():
    levels = count_levels(np.array([[-4.0, 0.0], [1.0, 0.25]], np.float32))
    assert [quantile(levels, share) for share in (0.25, 0.5, 0.75, 1)] == [0, 0.25, 1, 4]
    assert quantile(levels, 0.3, zeros=False) == 0.25
    assert quantile(count_levels(np.full((600, 600), 32768, np.uint16)), 0.5) == 32768


def test_changes_keep_what_else_stands_in_params_yaml():
    params = {"dataset": "a", "normalize": {"scale": 255, "train_share": 0.5}, "epochs": 5, "seeds": [0]}
    new = changed(params, [("dataset", "b"), ("normalize.scale", 16), ("epochs", 9)])
    assert new == {"dataset": "b", "normalize": {"scale": 16, "train_share": 0.5}, "epochs": 9, "seeds": [0]}
    assert params["normalize"] == {"scale": 255, "train_share": 0.5}


def test_the_settings_agree_with_the_data_set_in_the_box():
    dataset = load_dataset("fashion-mnist")
    found = fit({"train": labelling(*[6000] * 10), "test": labelling(*[1000] * 10)}, dataset.classes, None)
    new = changed(read_yaml(Path("params.yaml")), changes("fashion-mnist", dataset.pixels, found))
    params = parse_params(new, Path("params.yaml"))
    check_agreement(params, dataset)
    assert params == load_params()


def test_balanced_accuracy_is_proposed_where_the_test_set_s_classes_are_unequal():
    proposed = [dict(changes("own", Pixels(), fit_all(*counts))).get("metric") for counts in ([150, 100], [160, 100])]
    assert proposed == [None, "balanced_accuracy"]
