"""Which images are trained on, and which are kept for validation."""

import numpy as np
import pytest
from sets_for_tests import split

from hemline.errors import InputError

LABELS = np.repeat(np.arange(4, dtype=np.uint8), [80, 40, 40, 40])


def sets(**options):
    # Each image is its own number.
    images = np.arange(len(LABELS), dtype=np.uint8).reshape(-1, 1, 1)
    return split((images, LABELS), (images[:8], LABELS[:8]), **options)


def numbers(labelled):
    return labelled.images.ravel().astype(int).tolist()


def test_a_share_of_the_training_images_holds_as_much_of_each_class_and_leaves_the_test_images():
    made = sets(validation_split=0.25, train_share=0.2)
    assert np.bincount(made["train"].labels).tolist() == [12, 6, 6, 6]
    assert np.bincount(made["validation"].labels).tolist() == [4, 2, 2, 2]
    assert numbers(made["test"]) == list(range(8))
    train, validation = numbers(made["train"]), numbers(made["validation"])
    assert train == sorted(train)
    assert not set(train) & set(validation)
    for name in ("train", "validation"):
        assert made[name].labels.tolist() == LABELS[numbers(made[name])].tolist()


def test_the_whole_is_split_as_without_a_share():
    (whole, usual) = (sets(validation_split=0.25, train_share=1), sets(validation_split=0.25))
    assert {name: numbers(each) for name, each in whole.items()} == {
        name: numbers(each) for name, each in usual.items()
    }
    assert len(numbers(usual["train"])) == 150


def test_without_validation_a_share_is_all_trained_on():
    made = sets(validation_split=0, train_share=0.5)
    assert len(made["train"].labels) == 100
    assert not len(made["validation"].labels)


def test_a_share_that_leaves_a_class_out_is_one_line():
    with pytest.raises(InputError, match=r"^normalize\.train_share: must leave images of each of 4 classes .*got 0.01"):
        sets(validation_split=0.1, train_share=0.01)


def test_the_split_is_the_one_that_all_published_results_are_of():
    # As a wrong seed would still give a valid split, and other numbers on every page.
    made = sets(validation_split=0.1, train_share=0.5)
    assert numbers(made["validation"]) == [21, 47, 64, 65, 95, 118, 143, 147, 160, 183]
