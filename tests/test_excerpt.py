"""Which classes the confusion matrices show where there are too many to be read."""

import numpy as np

from hemline.report.excerpt import excerpt, most_confused


def confused(size, *pairs):
    shares = np.eye(size)
    for true, predicted, share in pairs:
        shares[true, predicted] = share
    return shares


def test_those_that_are_taken_for_one_another_are_shown_in_their_order():
    shares = confused(50, (40, 3, 0.2), (7, 8, 0.3), (3, 40, 0.2), (1, 2, 0.1))
    assert most_confused([shares], 4) == [3, 7, 8, 40]


def test_a_class_that_is_confused_with_many_a_little_gives_way_to_a_pair():
    shares = confused(50, *((0, other, 0.01) for other in range(10, 50)), (5, 6, 0.2))
    assert most_confused([shares], 2) == [5, 6]


def test_there_are_never_more_than_asked_for():
    assert len(most_confused([confused(50, (1, 2, 0.3), (3, 4, 0.2))], 3)) == 3
    assert len(most_confused([np.eye(1000)])) == 20


def test_the_others_share_the_last_column():
    matrix = np.arange(16).reshape(4, 4)
    np.testing.assert_array_equal(excerpt(matrix, [0, 2]), [[0, 2, 1 + 3], [8, 10, 9 + 11]])
    np.testing.assert_array_equal(excerpt(matrix, range(4)), matrix)
