import contextlib
import io
import struct

import numpy as np
import pytest
from datasets_for_tests import write_idx
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from hemline.data.idx import read_idx
from hemline.errors import InputError
from hemline.formats import idx
from hemline.formats.idx import IdxSource
from hemline.images.form import Form

arrays = npst.arrays(np.uint8, npst.array_shapes(min_dims=1, max_dims=4, max_side=5))


def encoded(array):
    stream = io.BytesIO()
    write_idx(array, stream)
    return stream.getvalue()


class OneByteAtATime(io.BytesIO):
    def read(self, size=-1):
        return super().read(min(size, 1))


@given(arrays)
def test_what_is_written_is_read_back(array):
    result = read_idx(io.BytesIO(encoded(array)))
    assert result.dtype == np.uint8
    assert result.flags.writeable
    np.testing.assert_array_equal(result, array)


@given(arrays)
def test_a_stream_may_deliver_byte_by_byte(array):
    np.testing.assert_array_equal(read_idx(OneByteAtATime(encoded(array))), array)


@given(arrays, st.data())
def test_every_truncation_is_refused(array, data):
    content = encoded(array)
    length = data.draw(st.integers(0, len(content) - 1))
    with pytest.raises(InputError, match="truncated"):
        read_idx(io.BytesIO(content[:length]))


@given(arrays, st.binary(min_size=1, max_size=9))
def test_every_trailing_byte_is_refused(array, rest):
    with pytest.raises(InputError, match="goes on"):
        read_idx(io.BytesIO(encoded(array) + rest))


@given(arrays, st.data())
def test_every_change_of_one_header_byte_is_refused(array, data):
    content = bytearray(encoded(array))
    place = data.draw(st.integers(0, 4 + 4 * array.ndim - 1))
    content[place] = data.draw(st.integers(0, 255).filter(lambda byte: byte != content[place]))
    with pytest.raises(InputError):
        read_idx(io.BytesIO(content))


@given(st.binary(max_size=64))
def test_arbitrary_bytes_are_an_array_or_an_input_error(content):
    with contextlib.suppress(InputError):
        assert read_idx(io.BytesIO(content)).size <= len(content)


@pytest.mark.parametrize(("code", "name"), [(0x09, "int8"), (0x0D, "float32"), (0x42, "no type of the format")])
def test_another_type_is_refused_by_its_name(code, name):
    with pytest.raises(InputError, match=rf"0x{code:02x} \({name}\)"):
        read_idx(io.BytesIO(bytes([0, 0, code, 1, 0, 0, 0, 1, 7])))


def test_the_bytes_that_stand_instead_of_the_magic_ones_are_shown():
    with pytest.raises(InputError, match=r"two zero bytes, got b'<htm'"):
        read_idx(io.BytesIO(b"<html>not found</html>"))


@pytest.mark.parametrize("rank", [0, 5, 255])
def test_a_number_of_dimensions_that_no_image_has_is_refused(rank):
    with pytest.raises(InputError, match=f"1 to 4, got {rank}"):
        read_idx(io.BytesIO(bytes([0, 0, 8, rank]) + bytes(4 * rank)))


def test_an_empty_dimension_is_refused():
    with pytest.raises(InputError, match=r"at least 1 each, got \(0, 28\)"):
        read_idx(io.BytesIO(struct.pack(">HBBII", 0, 8, 2, 0, 28)))


def test_a_size_that_no_data_set_has_is_refused_before_anything_is_read():
    stream = io.BytesIO(struct.pack(">HBBIII", 0, 8, 3, 2**32 - 1, 2**32 - 1, 2**32 - 1) + b"x")
    with pytest.raises(InputError, match="more than any data set has"):
        read_idx(stream)
    assert stream.read() == b"x"


def test_memory_follows_the_bytes_that_are_there_and_not_the_header():
    class Recorder(io.BytesIO):
        largest = 0

        def read(self, size=-1):
            self.largest = max(self.largest, size)
            return super().read(size)

    stream = Recorder(struct.pack(">HBBI", 0, 8, 1, 2**32 - 1) + b"few")
    with pytest.raises(InputError, match="promises 4294967295 values, got 3"):
        read_idx(stream)
    assert stream.largest <= 2**20


def test_large_images_are_read_fewer_at_a_time(monkeypatch):
    monkeypatch.setattr(idx, "_BATCH_BYTES", 7 * 6)
    images = np.arange(5 * 6 * 3, dtype=np.uint8).reshape(15, 2, 3)
    source = IdxSource({"train": (images, np.zeros(15, np.uint8))})
    batches = list(source.batches("train", Form((2, 3))))
    assert [len(batch) for batch in batches] == [7, 7, 1]
    np.testing.assert_array_equal(np.concatenate(batches), images)
