"""Images of a file that is mapped once more, and of which the system is told what to read."""

import mmap

import numpy as np
import pytest

from hemline.outputs import Outputs
from hemline.training.mapped import Mapped


@pytest.fixture
def array(tmp_path):
    outputs = Outputs(tmp_path, stage="normalize")
    outputs.write_array("images.npy", np.random.default_rng(0).random((50, 11, 13), np.float32))
    return outputs.read_array("images.npy")


def test_it_holds_what_the_array_holds_in_a_mapping_of_its_own(array):
    mapped = Mapped(array)
    np.testing.assert_array_equal(mapped.array, array)
    assert mapped.array.base.base is not array.base.base


def test_every_byte_of_an_image_is_asked_for_and_hardly_any_other(array):
    mapped = Mapped(array)
    advice = []

    class Pages:
        def madvise(self, kind, start, length):
            assert kind == mmap.MADV_WILLNEED
            advice.append((start, start + length))

    mapped._pages = Pages()
    places = [0, 7, 49]
    mapped.ask_for(places)
    header, image = 128, 11 * 13 * 4
    for place, (start, end) in zip(places, advice, strict=True):
        assert start % mmap.PAGESIZE == 0
        assert start <= header + place * image < start + mmap.PAGESIZE
        assert end == header + (place + 1) * image


def test_what_is_asked_for_lies_within_the_file(array):
    Mapped(array).ask_for(range(50))  # the system refuses what does not


def test_what_is_in_memory_cannot_be_mapped(array):
    assert Mapped.can(array)
    assert not Mapped.can(np.zeros((2, 3)))
