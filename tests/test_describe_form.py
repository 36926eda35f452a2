"""The shape and the range of pixels that images suggest."""

from collections import Counter

import pytest

from hemline.data.pixels import Pixels
from hemline.describe.form import Wanted, suggest_pixels, suggest_shape
from hemline.describe.survey import Survey
from hemline.errors import InputError


def seen(shapes, coloured=0):
    return Survey({}, shapes=Counter(shapes), coloured=coloured)


def pixels(lowest, highest, *types):
    return suggest_pixels(Survey({}, types=Counter(types), lowest=lowest, highest=highest))


def test_images_of_one_size_stay_as_they_are():
    found = suggest_shape(seen({(8, 9): 5}), Wanted())
    assert (found.image_shape, found.resized) == ((8, 9), False)
    assert suggest_shape(seen({(96, 96, 3): 5}, coloured=5), Wanted()).image_shape == (96, 96, 3)


def test_sizes_that_differ_become_their_median():
    found = suggest_shape(seen({(20, 30): 5, (40, 50): 9, (60, 70): 1}), Wanted())
    assert (found.image_shape, found.resized) == ((40, 50), True)
    assert found.reason == "the median, 40 x 50"


def test_large_images_are_reduced_and_the_reason_is_told():
    found = suggest_shape(seen({(480, 640, 3): 5}, coloured=5), Wanted())
    assert (found.image_shape, found.resized) == ((48, 64, 3), True)
    assert found.reason.startswith("480 x 640, reduced to 64 pixels on the longer side")


def test_the_user_s_size_wins():
    found = suggest_shape(seen({(480, 640): 5}), Wanted(size=(480, 640)))
    assert (found.image_shape, found.resized) == ((480, 640), False)
    assert suggest_shape(seen({(8, 8): 5}), Wanted(size=(4, 4))).resized


def test_colours_that_are_all_grey_are_grey_unless_the_user_wants_them():
    grey = seen({(8, 8, 3): 5, (8, 8): 2, (8, 8, 1): 1})
    assert suggest_shape(grey, Wanted()).image_shape == (8, 8)
    assert suggest_shape(grey, Wanted(colour=True)).image_shape == (8, 8, 3)
    one = seen({(8, 8, 3): 5, (8, 8): 2}, coloured=1)
    assert suggest_shape(one, Wanted()).image_shape == (8, 8, 3)
    assert suggest_shape(one, Wanted(colour=False)).image_shape == (8, 8)


def test_other_channels_stay_if_all_images_have_them():
    assert suggest_shape(seen({(8, 8, 5): 3}), Wanted()).image_shape == (8, 8, 5)
    with pytest.raises(InputError, match=r"channels: must be 1 \(grey\) or 3 .*, got \[3, 5\]"):
        suggest_shape(seen({(8, 8, 5): 3, (8, 8, 3): 1}), Wanted())
    with pytest.raises(InputError, match="channels"):
        suggest_shape(seen({(8, 8, 5): 3}), Wanted(colour=False))


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (pixels(0, 255, "uint8"), Pixels()),
        (pixels(3, 130, "uint8"), Pixels()),
        (pixels(0, 16, "uint8"), Pixels(highest=16)),
        (pixels(0, 0, "uint8"), Pixels()),
        (pixels(0, 4000, "uint16"), Pixels(type="uint16", highest=4095)),
        (pixels(0, 60_000, "uint16"), Pixels(type="uint16", highest=65_535)),
        (pixels(0, 300, "uint16", "uint8"), Pixels(type="uint16", highest=65_535)),
        (pixels(0.004, 0.996, "float32"), Pixels(type="float32", lowest=0, highest=1)),
        (pixels(-0.99, 1.0, "float32"), Pixels(type="float32", lowest=-1, highest=1)),
        (pixels(-2.5, 2.75, "float32"), Pixels(type="float32", lowest=-2.5, highest=2.75)),
        (pixels(7.0, 7.0, "float32"), Pixels(type="float32", lowest=7, highest=8)),
        (pixels(0.0, 254.0, "float32"), Pixels(type="float32", lowest=0, highest=254)),
    ],
)
def test_the_range_of_pixels_is_what_the_type_or_the_images_say(found, expected):
    assert found == expected
