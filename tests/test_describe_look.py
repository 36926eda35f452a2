"""Images are looked at in their order, whichever process or thread does it, and few are in memory."""

import numpy as np
import pytest

from hemline.describe.look import look, see
from hemline.errors import InputError


def images():
    """Small images, large ones between them, and one that cannot be read."""
    generator = np.random.default_rng(0)
    small = [generator.integers(0, 255, (8, 8), dtype=np.uint8) for _ in range(600)]
    large = generator.integers(0, 255, (300, 300, 3), dtype=np.uint8)
    return [*small[:5], large, InputError("no picture"), large + 1, *small[5:]]


@pytest.mark.parametrize("count", [10, 1_000_000])
def test_the_order_is_kept_whoever_looks(count):
    found = list(look(iter(images()), count))
    for image, seen in zip(images(), found, strict=True):
        if isinstance(image, InputError):
            assert str(seen) == "no picture"
        else:
            assert seen[:-1] == see(image)[:-1]
            np.testing.assert_array_equal(seen.levels, see(image).levels)


def test_no_more_images_are_taken_than_can_be_looked_at_soon():
    taken = 0

    def endless():
        nonlocal taken
        while True:
            taken += 1
            yield np.full((300, 300), taken % 250, np.uint8)

    with_some = look(endless(), 10)
    for _ in range(3):
        next(with_some)
    assert taken < 1000
    with_some.close()


def test_colour_is_told_from_grey_in_three_channels():
    grey = np.repeat(np.arange(64, dtype=np.uint8).reshape(8, 8, 1), 3, axis=2)
    coloured = grey.copy()
    coloured[3, 3, 0] += 1
    assert [see(image).coloured for image in (grey, coloured, grey[..., 0])] == [False, True, False]
