"""Images that are there more than once are found by their hashes; those that only resemble each other are not."""

import io

import numpy as np
from pictures_for_tests import photograph
from PIL import Image
from sklearn.datasets import load_digits

from hemline.describe.duplicates import Duplicates, count_duplicates, exact_groups, near_groups, near_only
from hemline.describe.fingerprint import FINGERPRINT, fingerprint


def fingerprints(images):
    found = [b"".join(fingerprint(image, float(image.min()), float(image.max()))) for image in images]
    return np.frombuffer(b"".join(found), FINGERPRINT)


def groups(images):
    """Return which images are the same, and which are nearly so, as sets of places."""
    known = fingerprints(images)
    exact = exact_groups(known)
    return tuple(
        sorted(
            tuple(np.flatnonzero(found == group).tolist()) for group in np.unique(found) if (found == group).sum() > 1
        )
        for found in (exact, near_only(near_groups(known, exact), exact))
    )


def saved_again(pixels, quality=70, size=None):
    """Return what is left of a photograph after JPEG, and another size."""
    image, stream = Image.fromarray(pixels), io.BytesIO()
    (image.resize(size) if size else image).save(stream, "JPEG", quality=quality)
    return np.asarray(Image.open(stream))


def test_copies_are_the_same_and_other_images_are_not():
    temple, flower = photograph(0), photograph(1)
    assert groups([temple, flower, temple.copy(), flower[:, ::-1]]) == ([(0, 2)], [])


def test_the_same_pixels_of_another_type_or_shape_are_no_copies():
    pixels = np.arange(64, dtype=np.uint8).reshape(8, 8) * 3
    assert groups([pixels, pixels.astype(np.uint16), pixels.reshape(4, 16)])[0] == []


def test_a_photograph_that_was_saved_again_or_made_smaller_or_grey_is_nearly_the_same():
    temple = photograph(0)
    grey = np.asarray(Image.fromarray(temple).convert("L"))
    others = [photograph(1), temple[:, ::-1], temple[100:300, 100:400]]
    assert groups([temple, saved_again(temple), saved_again(temple, size=(160, 107)), grey, *others]) == (
        [],
        [(0, 1, 2, 3)],
    )


def test_near_duplicates_are_found_among_exact_ones_too():
    temple = photograph(0)
    assert groups([temple, temple.copy(), saved_again(temple)]) == ([(0, 1)], [(0, 1, 2)])


def test_images_of_one_value_are_no_near_duplicates_of_each_other():
    assert groups([np.full((9, 9), value, np.uint8) for value in (0, 1, 200)]) == ([], [])


def test_of_handwritten_digits_hardly_any_pass_for_near_duplicates():
    exact, near = groups(load_digits().images.astype(np.uint8))
    assert exact == []
    assert len(near) <= 1


def test_pixels_of_any_range_and_any_number_of_channels_have_hashes():
    grey = photograph(0)[..., 0]
    deep, small = grey.astype(np.uint16) * 257, (grey / 255).astype(np.float32)
    many = np.stack([grey] * 5, axis=2)
    assert groups([grey, deep, small, many])[1] == [(0, 1, 2, 3)]


def counted(groups, labels, tests):
    return count_duplicates(np.array(groups), np.array(labels), np.array(tests, bool))


def test_what_is_wrong_with_duplicates_is_counted():
    # A group of three, one of them a test image; a pair of different labels; one alone.
    found = counted([0, 0, 0, 1, 2, 2], [5, 5, 5, 5, 6, 7], [0, 1, 0, 1, 0, 0])
    assert found == Duplicates(images=5, groups=2, leaked=1, mislabelled=1, example=(4, 5))


def test_the_example_is_of_both_sides_where_no_label_is_wrong():
    assert counted([0, 0, 1, 1], [5, 5, 6, 6], [0, 0, 0, 1]).example == (2, 3)
    assert counted([0, 1, 1], [5, 6, 6], [0, 0, 0]).example == (1, 2)


def test_duplicates_among_test_images_alone_leak_nothing():
    assert counted([0, 0, 1], [5, 5, 6], [1, 1, 0]).leaked == 0


def test_without_duplicates_there_is_no_example():
    assert counted([0, 1, 2], [5, 5, 6], [1, 0, 0]) == Duplicates(0, 0, 0, 0, None)
