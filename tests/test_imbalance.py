import numpy as np
import pytest

from hemline.data.imbalance import is_imbalanced, most_frequent


@pytest.mark.parametrize(
    ("counts", "imbalanced"),
    [
        ([10, 10], False),
        ([15, 10], False),
        ([16, 10], True),
        ([950, 50], True),
        ([980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009], False),  # MNIST
        ([10, 0, 10], False),
        ([7], False),
    ],
)
def test_classes_are_imbalanced_where_the_largest_has_more_than_one_and_a_half_times_the_smallest(counts, imbalanced):
    assert is_imbalanced(np.repeat(np.arange(len(counts)), counts)) is imbalanced


def test_the_most_frequent_class_is_the_first_of_equals():
    assert most_frequent(np.array([2, 1, 2, 1, 0], np.uint8)) == 1
    assert most_frequent(np.array([2, 2, 1])) == 2
