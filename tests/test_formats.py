"""Every format gives the same images and labels, and recognises nothing but its own."""

import contextlib
import hashlib

import numpy as np
import pytest
from formats_for_tests import TRAIN, WRITERS, all_images, all_labels, as_npz, digits, opened

from hemline.errors import InputError
from hemline.formats.format import find_format, formats, narrowest, open_source

CASES = [pytest.param(name, write, id=write.__name__) for name, writers in WRITERS.items() for write in writers]


def by_content(images, labels):
    """Return what is the same in any order."""
    return sorted((hashlib.sha256(image).hexdigest(), label) for image, label in zip(images, labels, strict=True))


@pytest.mark.parametrize(("name", "write"), CASES)
def test_the_digits_are_the_same_in_every_format_one_by_one_and_in_batches(name, write, tmp_path):
    images, labels = digits()
    source = opened(name, write(tmp_path, images, labels))
    assert list(source.parts()) == ["train", "test"]
    for part, rows in {"train": slice(TRAIN), "test": slice(TRAIN, None)}.items():
        assert source.parts()[part].values == list("0123456789")
        read, told = all_images(source, part), all_labels(source, part)
        assert read.dtype == np.uint8
        assert by_content(read, told) == by_content(images[rows], labels[rows].astype(str).tolist())
        if name != "folder":  # where they are sorted by class
            assert np.array_equal(read, images[rows])
        one_by_one = list(source.images(part))
        assert {image.dtype for image in one_by_one} == {np.dtype(np.uint8)}
        assert np.array_equal(np.stack(one_by_one), read)


@pytest.mark.parametrize(("name", "write"), CASES)
def test_no_other_format_takes_it_for_its_own(name, write, tmp_path):
    path = write(tmp_path, *digits(TRAIN + 20))
    taken = []
    for other in formats():
        form = find_format(other)
        with contextlib.suppress(InputError):  # of pictures without class folders, which a table names
            taken += [other] if form.find(path, form.Options()) is not None else []
    assert taken == [name]


@pytest.mark.parametrize(("name", "write"), CASES)
def test_an_image_that_is_not_as_described_is_named(name, write, tmp_path):
    images, labels = digits()
    images[7, 0, 0] = 200
    source = opened(name, write(tmp_path, images, labels))
    called = source.name("train", 7) if name != "folder" else "7.png"
    with pytest.raises(InputError, match="pixels: must be from 0 to 16, got 200") as caught:
        all_images(source, "train", highest=16)
    assert called in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_format_is_known_by_its_module():
    assert set(WRITERS) <= set(formats())
    with pytest.raises(InputError, match=r"format: must be one of .*, got 'jpeg'"):
        find_format("jpeg")


def test_an_option_that_the_format_does_not_have_is_refused(tmp_path):
    path = as_npz(tmp_path, *digits())
    files = find_format("arrays").find(path, find_format("arrays").Options()).files
    with pytest.raises(InputError, match=r"own\.yaml: colour: is not a known key"):
        open_source("arrays", files, {"colour": 1}, tmp_path / "own.yaml")


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([0.0, 255.0], "uint8"),
        ([0.0, 256.0], "uint16"),
        ([0.0, 65536.0], "float32"),
        ([-1.0, 1.0], "float32"),
        ([0.0, 0.5], "float32"),
        ([0.0, np.nan], "float32"),
        ([0, 255], "uint8"),
        ([False, True], "uint8"),
    ],
)
def test_pixels_have_the_narrowest_type_that_holds_them(values, expected):
    assert narrowest([np.array(values)]) == expected
