from pathlib import Path

import numpy as np
import pytest
from fsspec.implementations.local import LocalFileSystem
from sets_for_tests import write_sets

from hemline.data.normalized import About, Labelled, Normalized
from hemline.errors import InputError


def some(count, *shape):
    images = np.linspace(0, 1, num=count * int(np.prod(shape)), dtype=np.float32).reshape(count, *shape)
    return Labelled(images, np.arange(count, dtype=np.uint8) % 2)


SETS = {"train": some(6, 2, 3), "validation": some(0, 2, 3), "test": some(4, 2, 3)}


@pytest.fixture
def normalized(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write_sets(SETS, ["a", "b"], 51)
    return Normalized()


@pytest.mark.parametrize("files", [None, LocalFileSystem()], ids=["of the workspace", "of a revision"])
@pytest.mark.parametrize("name", SETS)
def test_a_set_is_read_as_it_was_written_with_what_its_pixels_are_divided_by(normalized, name, files):
    read = Normalized(files=files).read(name)
    raw = np.rint(51 * SETS[name].images).astype(np.uint8)
    np.testing.assert_array_equal(read.images, raw, strict=True)
    np.testing.assert_array_equal(read.labels, SETS[name].labels, strict=True)
    assert read.scale == 51


def test_classes_and_scale_are_handed_on_beside_the_arrays(normalized):
    assert normalized.about() == About(classes=["a", "b"], scale=51)


def test_images_can_be_read_without_their_labels(normalized):
    (normalized.path / "test-labels.npy").unlink()
    assert normalized.images("test").shape == (4, 2, 3)
    with pytest.raises(InputError, match=r"^data/normalized/test-labels.npy: no such file; run `dvc repro normalize`$"):
        normalized.labels("test")


def test_images_in_colour_are_read(tmp_path):
    write_sets({"train": some(3, 2, 2, 3)}, ["a", "b"], 255, folder=tmp_path)
    assert Normalized(tmp_path).read("train").images.shape == (3, 2, 2, 3)


@pytest.mark.parametrize("shape", [(5, 2, 3), (6, 6), (6, 2, 3, 1, 1)], ids=["fewer", "flat", "too deep"])
def test_images_that_do_not_belong_to_the_labels_are_refused(normalized, shape):
    np.save(normalized.path / "train-images.npy", np.zeros(shape, np.float32))
    with pytest.raises(InputError) as error:
        normalized.read("train")
    assert str(error.value) == (
        "data/normalized/train-images.npy: must be images (n, h, w) or (n, h, w, channels), one for each of 6 labels, "
        f"got {shape}; run `dvc repro normalize`"
    )


def test_what_was_normalized_before_is_replaced(normalized):
    write_sets({name: some(2, 4, 4) for name in SETS}, ["c", "d", "e"], 255)
    assert normalized.read("train").images.shape == (2, 4, 4)
    assert normalized.about().classes == ["c", "d", "e"]
    assert sorted(path.name for path in Path("data/normalized").iterdir()) == [
        "about.json",
        "test-images.npy",
        "test-labels.npy",
        "train-images.npy",
        "train-labels.npy",
        "validation-images.npy",
        "validation-labels.npy",
    ]
