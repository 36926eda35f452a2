"""Wrong labels among right ones are found by predictions of models that have not seen them."""

import warnings

import numpy as np
import pytest

from hemline.comparison.doubts import COLUMNS, Predicted, doubts

CLASSES = ["a", "b", "c"]


def predicted(truth, sure=0.9, seeds=2):
    """Return probabilities of trainings that know the true classes."""
    rest = (1 - sure) / (len(CLASSES) - 1)
    own = np.full((len(truth), len(CLASSES)), rest, np.float32)
    own[np.arange(len(truth)), truth] = sure
    return np.stack([own] * seeds)


@pytest.fixture
def sets():
    truth = np.arange(60) % 3
    wrong = truth.copy()
    wrong[[4, 7]] = 2  # both are class 1
    return {
        "validation": Predicted(truth[:30].astype(np.uint8), predicted(truth[:30])),
        "test": Predicted(wrong.astype(np.uint8), predicted(truth)),
    }


def test_wrong_labels_are_listed_with_the_class_that_their_images_look_like(sets):
    found = doubts("dense", sets, CLASSES)
    assert (found.variant, found.images, found.likely_errors) == ("dense", 90, 2)
    assert found.table.columns.tolist() == COLUMNS
    assert found.table["set"].tolist() == ["test", "test"]
    assert found.table["index"].tolist() == [4, 7]
    assert set(found.table["label"]) == {"c"}
    assert set(found.table["looks_like"]) == {"b"}
    assert found.table["quality"].tolist() == pytest.approx([0.05, 0.05])
    assert found.table["probability"].tolist() == pytest.approx([0.9, 0.9])


def test_the_most_doubted_come_first_and_no_more_than_asked_for(sets):
    sets["test"].probabilities[:, 7] = [0.01, 0.98, 0.01]
    assert doubts("dense", sets, CLASSES).table["index"].tolist() == [7, 4]
    assert doubts("dense", sets, CLASSES, listed=1).table["index"].tolist() == [7]


def test_the_mean_over_the_seeds_decides(sets):
    # One of the two trainings believes the label of image 4, surely.
    sets["test"].probabilities[0, 4] = [0.0, 0.0, 1.0]
    assert doubts("dense", sets, CLASSES).table["index"].tolist() == [7]


def test_an_image_that_looks_like_its_label_is_not_doubted_however_unsure_the_models_are(sets):
    sets["test"].probabilities[:, 0] = [0.34, 0.33, 0.33]
    assert 0 not in doubts("dense", sets, CLASSES).table["index"].tolist()


def test_without_validation_images_those_of_the_test_set_are_looked_at(sets):
    without = {"validation": Predicted(np.zeros(0, np.uint8), np.zeros((2, 0, 3), np.float32)), "test": sets["test"]}
    found = doubts("dense", without, CLASSES)
    assert (found.images, found.table["index"].tolist()) == (60, [4, 7])


@pytest.mark.parametrize("labels", [[0, 1, 0, 1], [0, 2, 0, 2], [1, 2]])
def test_classes_without_images_are_no_trouble_and_no_warning(labels):
    labels = np.array(labels)
    with warnings.catch_warnings(action="error"):
        found = doubts("dense", {"test": Predicted(labels, predicted(labels))}, CLASSES)
    assert (found.likely_errors, len(found.table)) == (0, 0)


@pytest.mark.parametrize(
    "sets", [{}, {"test": Predicted(np.ones(3, int), predicted([1, 0, 1]))}], ids=["none", "one class"]
)
def test_nothing_is_doubted_where_there_is_nothing_to_compare(sets):
    found = doubts("dense", sets, CLASSES)
    assert (found.images, found.likely_errors, found.table.columns.tolist()) == (0, 0, COLUMNS)
