"""Pictures in class folders."""

import threading

import numpy as np
import pytest
from formats_for_tests import all_images, all_labels, encoded, opened, write_picture
from sklearn.datasets import load_sample_images

from hemline.data.description import Resize
from hemline.errors import InputError
from hemline.formats.format import Located, find_format, open_source
from hemline.images.form import Form
from hemline.images.tree import pack

FOLDER = find_format("folder")
PICTURE = np.arange(6, dtype=np.uint8).reshape(2, 3)


def make(top, *names):
    """Write a picture for each name; the first pixel is its number."""
    for number, name in enumerate(names):
        image = PICTURE.copy()
        image[0, 0] = number
        write_picture(top / name, image)
    return top


def order(source, part):
    return [int(image[0, 0]) for image in source.images(part)]


def test_folders_are_classes_and_everything_is_counted_naturally(tmp_path):
    source = opened("folder", make(tmp_path / "a", "10/1.png", "2/10.png", "2/2.png", "x/1.png"))
    assert list(source.parts()) == ["all"]
    assert source.parts()["all"].values == ["2", "10", "x"]
    assert all_labels(source, "all") == ["2", "2", "10", "x"]
    assert order(source, "all") == [2, 1, 0, 3]
    assert source.name("all", 1) == str(tmp_path / "a/2/10.png")


@pytest.mark.parametrize(
    ("folders", "parts"),
    [
        (["train", "test"], ["train", "test"]),
        (["Training", "TEST"], ["train", "test"]),
        (["train", "val", "test"], ["train", "validation", "test"]),
        (["train", "valid", "testing"], ["train", "validation", "test"]),
        (["train", "validation"], ["train", "test"]),  # the only ones that are held back
        (["train"], ["all"]),
    ],
)
@pytest.mark.parametrize("above", ["", "pets/", "archive/pets/"])
def test_folders_above_the_classes_are_parts(folders, parts, above, tmp_path):
    names = [f"{above}{folder}/{label}/1.png" for folder in folders for label in ("cat", "dog")]
    source = opened("folder", make(tmp_path / "a", *names))
    assert list(source.parts()) == parts
    for number, part in enumerate(parts):
        assert all_labels(source, part) == ["cat", "dog"]
        assert order(source, part) == [2 * number, 2 * number + 1]


def test_a_train_among_other_vehicles_is_a_class(tmp_path):
    source = opened("folder", make(tmp_path / "a", "bus/1.png", "car/1.png", "train/1.png"))
    assert source.parts()["all"].values == ["bus", "car", "train"]


def test_folders_inside_a_class_belong_to_it(tmp_path):
    source = opened("folder", make(tmp_path / "a", "cat/1.png", "cat/old/er/2.png", "dog/1.png"))
    assert all_labels(source, "all") == ["cat", "cat", "dog"]


def test_names_in_any_script_are_classes(tmp_path):
    names = ["猫", "قطة", "😀", "👨‍👩‍👧", "می‌خواهم", "two words", "ß"]
    source = opened("folder", make(tmp_path / "a", *(f"{name}/1.png" for name in names)))
    assert sorted(source.parts()["all"].values) == sorted(names)
    pack(tmp_path / "a", tmp_path / "a.zip")
    assert opened("folder", tmp_path / "a.zip").parts()["all"].values == source.parts()["all"].values


def test_an_accent_is_the_same_letter_however_it_is_written(tmp_path):
    top = make(tmp_path / "a", "train/cafe\u0301/1.png", "test/caf\u00e9/1.png", "train/tea/1.png", "test/tea/1.png")
    assert opened("folder", top).parts()["test"].values == ["caf\u00e9", "tea"]


def test_a_class_may_be_without_test_images_but_not_without_training_images(tmp_path):
    top = make(tmp_path / "a", "train/cat/1.png", "train/dog/1.png", "test/cat/1.png")
    source = opened("folder", top)
    assert source.parts()["test"].values == ["cat", "dog"]
    assert all_labels(source, "test") == ["cat"]
    make(top, "test/cow/1.png")
    with pytest.raises(InputError, match=r"a: classes: must have images to train on, got none of \['cow'\]"):
        opened("folder", top).parts()


def test_what_shows_one_object_is_told_by_the_names(tmp_path):
    names = ["cat/tom_1.png", "cat/tom_2.png", "cat/kit_1.png", "dog/rex_1.png", "dog/tom_9.png"]
    source = opened("folder", make(tmp_path / "a", *names), group="^(.*)_")
    groups = source.parts()["all"].groups
    # kit, tom, tom, rex, tom
    assert groups[1] == groups[2] == groups[4]
    assert len(set(groups.tolist())) == 3


@pytest.mark.parametrize(
    ("group", "message"),
    [
        ("^(.*", "group: must be a regular expression: "),
        ("^.*_", "group: must be a regular expression with one group in brackets, as in .*; it has 0"),
        ("^([0-9]+)_", r"1\.png: the option `group`, .*, must match the file's name"),
    ],
)
def test_a_pattern_of_groups_that_does_not_fit_is_refused(group, message, tmp_path):
    with pytest.raises(InputError, match=message):
        opened("folder", make(tmp_path / "a", "cat/1.png", "dog/1.png"), group=group).parts()


def refused(top):
    with pytest.raises(InputError) as caught:
        open_source("folder", [Located(top)], {}, top / "own.yaml").parts()
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_folders_that_are_no_data_set_are_refused_in_one_line(tmp_path):
    (tmp_path / "empty").mkdir()
    assert "must hold pictures (PNG, JPEG, WebP, TIFF, ...) in a folder for each class, got none" in refused(
        tmp_path / "empty"
    )
    flat = make(tmp_path / "flat", "1.png", "2.png")
    assert "flat: there must be a folder for each class, or a table that names the pictures" in refused(flat)
    beside = make(tmp_path / "beside", "cat/1.png", "dog/1.png", "3.png")
    assert "3.png: every picture must lie" in refused(beside)
    below = make(tmp_path / "below", "pets/cat/1.png", "pets/dog/1.png", "pets/0.png")
    assert "pets/0.png: every picture must lie" in refused(below)
    one = make(tmp_path / "one", "cat/1.png", "cat/2.png")
    assert "one: there must be a folder for each class, or a table that names the pictures, got cat alone" in refused(
        one
    )
    assert "no such file" in refused(tmp_path / "nowhere")


def test_another_kind_of_folder_is_not_found(tmp_path):
    (tmp_path / "text").mkdir()
    (tmp_path / "text/a.txt").write_text("a")
    assert FOLDER.find(tmp_path / "text", FOLDER.Options()) is None
    assert FOLDER.find(tmp_path / "text/a.txt", FOLDER.Options()) is None
    with pytest.raises(InputError, match="there must be a folder for each class"):
        FOLDER.find(make(tmp_path / "flat", "1.png"), FOLDER.Options())


def test_a_picture_that_cannot_be_read_stands_for_itself_among_the_others(tmp_path):
    top = make(tmp_path / "a", "cat/1.png", "cat/2.png", "cat/3.png", "dog/1.png")
    (top / "cat/2.png").write_bytes(b"")
    source = opened("folder", top)
    images = list(source.images("all"))
    assert str(images[1]) == f"{top}/cat/2.png: must be a picture (PNG, JPEG, WebP, ...), got an empty file"
    assert [isinstance(image, InputError) for image in images] == [False, True, False, False]
    with pytest.raises(InputError, match=r"cat/2\.png: must be a picture"):
        all_images(source, "all", (2, 3))


def test_a_picture_of_another_size_is_named_with_the_remedy(tmp_path):
    top = make(tmp_path / "a", "cat/1.png", "dog/1.png")
    write_picture(top / "dog/2.png", PICTURE.T)
    with pytest.raises(InputError, match=r"dog/2\.png: size: must be 2 x 3 \(height x width\), got 3 x 2; `resize: "):
        all_images(opened("folder", top), "all", (2, 3))


def test_large_and_small_colour_photographs_stay_in_order(tmp_path):
    china, flower = load_sample_images().images
    for index in range(6):
        write_picture(tmp_path / f"a/china/{index}.png", china if index % 2 else china[:20, :30])
        write_picture(tmp_path / f"a/flower/{index}.png", flower[:20, :30] if index % 2 else flower)
    source = opened("folder", tmp_path / "a")
    large, small = china.shape, (20, 30, 3)
    assert [image.shape for image in source.images("all")] == [small, large] * 3 + [large, small] * 3
    batches = list(source.batches("all", Form((20, 30, 3), resize=Resize(fit="crop"))))
    assert [batch.shape for batch in batches] == [(12, 20, 30, 3)]
    assert np.array_equal(batches[0][0], china[:20, :30])
    assert np.array_equal(batches[0][7], flower[:20, :30])


def test_no_threads_are_left_by_whoever_stops_reading(tmp_path):
    china = load_sample_images().images[0]
    for index in range(40):
        path = tmp_path / f"a/{index % 2}/{index}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(encoded(china))
    before = threading.active_count()
    images = opened("folder", tmp_path / "a").images("all")
    next(images)
    assert threading.active_count() > before
    images.close()
    assert threading.active_count() == before
