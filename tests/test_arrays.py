"""NumPy's files: which array is what, and which are refused."""

import tracemalloc

import numpy as np
import pytest
from formats_for_tests import all_images, all_labels, digits, opened

from hemline.errors import InputError
from hemline.formats.format import find_format
from hemline.images.layout import as_images

ARRAYS = find_format("arrays")
IMAGES, LABELS = digits(60)
TEN = list("0123456789")


def npz(tmp_path, **arrays):
    np.savez(tmp_path / "own.npz", **arrays)
    return tmp_path / "own.npz"


@pytest.mark.parametrize(
    ("keys", "parts"),
    [
        (["x_train", "y_train", "x_test", "y_test"], ["train", "test"]),  # Keras
        (["X_train", "Y_train", "X_val", "Y_val", "X_test", "Y_test"], ["train", "validation", "test"]),
        (["train_images", "train_labels", "val_images", "val_labels"], ["train", "test"]),
        (["trainImages", "trainLabels", "testImages", "testLabels"], ["train", "test"]),
        (["train-data", "train-target"], ["all"]),
        (["images", "labels"], ["all"]),
        (["X", "y"], ["all"]),
        (["data", "target"], ["all"]),
        (["arr_0", "arr_1"], ["all"]),  # without names, as `np.savez(path, images, labels)` calls them
    ],
)
def test_arrays_are_known_by_their_usual_names(keys, parts, tmp_path):
    path = npz(tmp_path, **{key: LABELS if index % 2 else IMAGES for index, key in enumerate(keys)})
    source = opened("arrays", path)
    assert list(source.parts()) == parts
    for part in parts:
        assert np.array_equal(all_images(source, part), IMAGES)
        assert all_labels(source, part) == LABELS.astype(str).tolist()


def test_arrays_without_a_part_are_left_where_others_have_one(tmp_path):
    path = npz(tmp_path, x_train=IMAGES, y_train=LABELS, x_test=IMAGES, y_test=LABELS, images=IMAGES, labels=LABELS)
    assert list(opened("arrays", path).parts()) == ["train", "test"]


def test_of_two_names_for_images_the_likelier_one_is_taken(tmp_path):
    path = npz(tmp_path, data=IMAGES.reshape(60, 64) * 2, images=IMAGES, target=LABELS, target_names=np.array(TEN))
    source = opened("arrays", path)
    assert source.name("all", 3) == f"{path}: images[3]"
    assert np.array_equal(all_images(source, "all"), IMAGES)


def test_a_part_may_be_a_file(tmp_path):
    for part in ("train", "test"):
        np.savez(tmp_path / f"own_{part}.npz", images=IMAGES, labels=LABELS)
    assert list(opened("arrays", tmp_path).parts()) == ["train", "test"]


def test_what_else_lies_in_the_folder_does_not_belong_to_it(tmp_path):
    for name, array in {"x_train": IMAGES, "y_train": LABELS, "weights": np.ones(3)}.items():
        np.save(tmp_path / f"{name}.npy", array)
    assert [file.path.name for file in ARRAYS.find(tmp_path, ARRAYS.Options()).files] == ["x_train.npy", "y_train.npy"]


def test_options_name_the_arrays_the_groups_and_the_shape(tmp_path):
    path = npz(tmp_path, a=IMAGES.reshape(60, 64), b=LABELS, c=IMAGES[:20].reshape(20, 64), d=LABELS[:20])
    with pytest.raises(InputError, match=r"must hold images and labels, .*, got \['a', 'b', 'c', 'd'\]; say which"):
        opened("arrays", path)
    source = opened("arrays", path, keys={"train": ["a", "b"], "test": ["c", "d"]}, shape=[4, 16])
    assert all_images(source, "test", (4, 16)).shape == (20, 4, 16)
    with pytest.raises(InputError, match=r"options\.keys: must be of \['a', 'b', 'c', 'd'\], got 'z'"):
        opened("arrays", path, keys={"train": ["a", "z"]})
    grouped = npz(tmp_path, images=IMAGES, labels=LABELS, person=LABELS % 3)
    groups = opened("arrays", grouped, groups="person").parts()["all"].groups
    assert np.array_equal(groups, LABELS % 3)
    assert opened("arrays", grouped).parts()["all"].groups is None


@pytest.mark.parametrize(
    "labels",
    [
        LABELS.astype(np.int64),
        LABELS[:, None].astype(np.uint8),
        LABELS.astype(float),
        np.eye(10)[LABELS],
        LABELS.astype(str),
        LABELS.astype("S1"),
    ],
    ids=["integers", "column", "floats", "one-hot", "text", "bytes"],
)
def test_labels_are_the_same_however_they_are_written(labels, tmp_path):
    source = opened("arrays", npz(tmp_path, images=IMAGES, labels=labels))
    assert source.parts()["all"].values == TEN
    assert all_labels(source, "all") == LABELS.astype(str).tolist()


def test_labels_in_text_are_classes(tmp_path):
    names = np.array(["猫", "a dog", "10", "9"])
    source = opened("arrays", npz(tmp_path, images=IMAGES[:4], labels=names))
    assert source.parts()["all"].values == ["9", "10", "a dog", "猫"]
    assert all_labels(source, "all") == names.tolist()


@pytest.mark.parametrize(
    "images",
    [
        IMAGES[..., None],
        IMAGES[:, None],
        np.asfortranarray(IMAGES),
        IMAGES.reshape(60, 64),
        IMAGES.astype(">i4"),
        IMAGES.astype(np.float16),
    ],
    ids=["a channel", "a channel first", "in columns", "in rows", "other bytes", "half precision"],
)
@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
def test_grey_images_are_the_same_in_every_layout(images, save, tmp_path):
    save(tmp_path / "own.npz", images=images, labels=LABELS)
    source = opened("arrays", tmp_path / "own.npz")
    assert source.pixel_type == "uint8"
    assert np.array_equal(np.stack(list(source.images("all"))), IMAGES)
    assert np.array_equal(all_images(source, "all"), IMAGES)


def test_colours_are_moved_behind():
    images = np.arange(2 * 4 * 5 * 3).reshape(2, 4, 5, 3)
    assert np.array_equal(as_images(images, None), images)
    assert np.array_equal(as_images(images.transpose(0, 3, 1, 2), None), images)
    assert np.array_equal(as_images(images.reshape(2, -1), (4, 5, 3)), images)


def test_floating_point_numbers_stay_and_those_that_are_not_finite_are_named(tmp_path):
    images = IMAGES / 16
    source = opened("arrays", npz(tmp_path, images=images, labels=LABELS))
    assert source.pixel_type == "float32"
    read = all_images(source, "all", type="float32", lowest=0, highest=1)
    assert read.dtype == np.float32
    assert np.array_equal(read, images.astype(np.float32))
    images[5, 0, 0] = np.nan
    source = opened("arrays", npz(tmp_path, images=images, labels=LABELS))
    bad = [str(image) for image in source.images("all") if isinstance(image, InputError)]
    assert bad == [f"{tmp_path / 'own.npz'}: images[5]: pixels: must be finite numbers, got nan or infinity"]
    with pytest.raises(InputError, match=r"images\[5\]: pixels: must be from 0 to 1, got nan"):
        all_images(source, "all", type="float32", lowest=0, highest=1)


REFUSED = {
    "objects": ({"images": IMAGES, "labels": LABELS.astype(object)}, "labels: must be numbers or text, got Python obj"),
    "text for pixels": ({"images": IMAGES.astype(str), "labels": LABELS}, "images: pixels must be numbers, got <U"),
    "other count": ({"images": IMAGES, "labels": LABELS[:59]}, "labels: must be 60, one for each of .*images, got 59"),
    "one class": ({"images": IMAGES, "labels": LABELS * 0}, r"labels: classes: must be two or more, got \['0'\]"),
    "no labels": ({"images": IMAGES}, "got one array; save the labels beside it: `np.save"),
    "several labels": ({"images": IMAGES, "labels": np.ones((60, 4))}, r"must be one label for each .* \(60, 4\)"),
    "fractions": ({"images": IMAGES, "labels": LABELS + 0.5}, "labels must be whole numbers or text, got 0.5"),
    "no square": ({"images": IMAGES.reshape(60, 64)[:, :60], "labels": LABELS}, "60 pixels in a row make no square"),
    "four channels": ({"images": np.zeros((60, 5, 5, 4)), "labels": LABELS}, r"1 or 3 channels, got \(60, 5, 5, 4\)"),
    "no images": ({"images": IMAGES[:0], "labels": LABELS[:0]}, r"images must be \(n, height, width\) or so"),
    "dates": (
        {"images": IMAGES, "labels": LABELS.astype("M8[D]")},
        "labels must be whole numbers or text, got datetime",
    ),
}


@pytest.mark.parametrize(("arrays", "message"), REFUSED.values(), ids=REFUSED)
def test_what_is_no_data_set_is_refused_in_one_line(arrays, message, tmp_path):
    path = npz(tmp_path, **arrays)

    def read():
        source = opened("arrays", path)
        source.parts()
        list(source.images("all"))

    with pytest.raises(InputError, match=rf"own\.npz: .*{message}") as caught:
        read()
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
def test_a_damaged_file_is_one_line(save, tmp_path):
    path = tmp_path / "own.npz"
    save(path, images=IMAGES, labels=LABELS)
    content = bytearray(path.read_bytes())
    for cut in (0, 10, len(content) - 30):
        path.write_bytes(content[:cut])
        with pytest.raises(InputError, match=r"own\.npz: is no file of NumPy's, or a damaged one") as caught:
            ARRAYS.find(path, ARRAYS.Options())
        assert "\n" not in str(caught.value)
    content[400:420] = bytes(20)
    path.write_bytes(content)
    with pytest.raises(InputError, match=r"own\.npz: .*: cannot be read: "):
        list(opened("arrays", path).images("all"))


def test_a_single_array_and_a_truncated_one_are_refused(tmp_path):
    np.save(tmp_path / "images.npy", IMAGES)
    np.save(tmp_path / "labels.npy", LABELS)
    with pytest.raises(InputError, match=r"images\.npy: is one array; name the folder that holds those of images"):
        ARRAYS.find(tmp_path / "images.npy", ARRAYS.Options())
    whole = (tmp_path / "images.npy").read_bytes()
    (tmp_path / "images.npy").write_bytes(whole[:-1])
    with pytest.raises(InputError, match=r"images\.npy: is truncated: its header promises 3,840 bytes, got 3,839"):
        ARRAYS.find(tmp_path, ARRAYS.Options())
    (tmp_path / "images.npy").write_bytes(b"no array")
    with pytest.raises(InputError, match=r"images\.npy: cannot be read: "):
        ARRAYS.find(tmp_path, ARRAYS.Options())


def test_a_header_that_promises_absurdly_much_takes_no_memory(tmp_path):
    np.save(tmp_path / "labels.npy", LABELS)
    np.save(tmp_path / "images.npy", IMAGES)
    content = (tmp_path / "images.npy").read_bytes()
    (tmp_path / "images.npy").write_bytes(content.replace(b"(60, 8, 8)", b"(6**99, 8)", 1))
    with pytest.raises(InputError, match=r"images\.npy: cannot be read: "):
        ARRAYS.find(tmp_path, ARRAYS.Options())
    (tmp_path / "images.npy").write_bytes(content.replace(b"(60, 8, 8), }    ", b"(99999999, 888)}", 1))
    with pytest.raises(InputError, match=r"images\.npy: (is truncated|cannot be read)"):
        ARRAYS.find(tmp_path, ARRAYS.Options())


@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
def test_memory_holds_some_images_at_a_time(save, tmp_path):
    images = np.zeros((120, 1000, 1000), np.uint8)  # 120 MB
    save(tmp_path / "own.npz", images=images, labels=np.arange(120) % 2)
    del images
    tracemalloc.start()
    read = sum(len(batch) for batch in opened("arrays", tmp_path / "own.npz").rows("all"))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert read == 120
    assert peak < 60e6
