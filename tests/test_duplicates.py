"""Test images that are in the training or the validation set, too, are found, and nothing else is."""

import numpy as np
import pytest

from hemline.data.duplicates import Duplicates, find_duplicates
from hemline.data.findings import Findings
from hemline.data.normalized import Labelled
from hemline.errors import InputError


def images(*values, dtype=np.float32):
    """Return an image of two by three pixels for each value; the last pixel makes the difference."""
    made = np.zeros((len(values), 2, 3), dtype)
    made[:, 1, 2] = values
    return made


def labelled(values, labels):
    return Labelled(images(*values), np.array(labels, np.uint8))


def test_what_is_in_any_of_the_other_sets_is_found():
    test = labelled([1, 2, 3, 4], [0, 0, 0, 0])
    found = find_duplicates(test, labelled([9, 3], [0, 0]), labelled([1], [0]))
    assert found.found.tolist() == [True, False, True, False]
    assert not found.relabelled.any()
    assert found.found.dtype == found.relabelled.dtype == np.bool_


def test_another_label_counts_even_beside_the_same_one():
    test = labelled([1, 2, 3], [0, 0, 1])
    others = labelled([1, 1, 2, 3], [0, 2, 0, 0])
    found = find_duplicates(test, others)
    assert found.found.tolist() == [True, True, True]
    assert found.relabelled.tolist() == [True, False, True]


def test_images_that_are_twice_in_the_test_set_only_are_none():
    assert not find_duplicates(labelled([1, 1], [0, 1]), labelled([2], [0])).found.any()


def test_without_images_to_compare_with_there_are_none():
    found = find_duplicates(labelled([1], [0]), labelled([], []))
    assert found.found.tolist() == found.relabelled.tolist() == [False]


@pytest.mark.parametrize("shape", [(1, 1), (4, 5, 3)])
def test_images_of_any_shape_and_type_and_any_order_in_memory_are_compared(shape):
    pixels = np.random.default_rng(0).integers(0, 256, (3, *shape)).astype(np.uint8)
    strided = Labelled(np.asfortranarray(pixels), np.arange(3))
    assert find_duplicates(strided, Labelled(pixels[1:], np.arange(1, 3))).found.tolist() == [False, True, True]


def test_what_was_found_is_handed_on(tmp_path):
    given = Duplicates(np.array([True, True, False]), np.array([True, False, False]))
    Findings(tmp_path / "findings").write(["a warning"], given)
    read = Findings(tmp_path / "findings").duplicates(3)
    assert [each.tolist() for each in read] == [each.tolist() for each in given]


def test_duplicates_of_other_test_images_are_refused(tmp_path):
    Findings(tmp_path / "findings").write([], Duplicates(np.zeros(3, np.bool_), np.zeros(3, np.bool_)))
    rule = r"test-duplicates.npy: must be bool \(2, 4\), got bool \(2, 3\); run `dvc repro normalize`$"
    with pytest.raises(InputError, match=rule):
        Findings(tmp_path / "findings").duplicates(4)
