import re
from pathlib import Path

import numpy as np
import pytest
from datasets_for_tests import DESCRIPTION, describe, publish, write_idx

from hemline.data.description import load_dataset
from hemline.data.raw import read_raw
from hemline.errors import InputError

REPOSITORY = Path(__file__).parent.parent


def changed(tmp_path, **changes):
    describe(tmp_path / "data", tiny=DESCRIPTION | changes)
    return load_dataset("tiny", tmp_path / "data")


def test_names_may_be_of_any_script_and_of_joined_signs(tmp_path):
    names = ["猫", "می\N{ZERO WIDTH NON-JOINER}خواهم", "👩\N{ZERO WIDTH JOINER}👧"]
    assert changed(tmp_path, classes=names).classes == names


@pytest.mark.parametrize("name", ["fashion-mnist", "mnist"])
def test_every_data_set_in_the_box_is_valid(name):
    dataset = load_dataset(name, REPOSITORY / "data")
    assert dataset.name == name
    assert len(dataset.classes) == 10
    assert [dataset.size(file) for file in dataset.files.in_order()] == [47_040_016, 60_008, 7_840_016, 10_008]
    assert dataset.sources


@pytest.mark.parametrize("name", ["fashion", "../params", "", "fashion-mnist.yaml"])
def test_an_unknown_data_set_is_refused_with_the_list_of_those_that_exist(name):
    known = sorted(path.stem for path in (REPOSITORY / "data").glob("*.yaml"))
    with pytest.raises(InputError, match=rf"must be one of {re.escape(str(known))}") as error:
        load_dataset(name, REPOSITORY / "data")
    assert repr(name) in str(error.value)
    assert "\n" not in str(error.value)


def test_a_description_may_have_channels_any_size_and_no_class_counts(tmp_path):
    dataset = changed(tmp_path, image_shape=[5, 7, 3])
    assert dataset.size(dataset.files.train_images) == 4 + 4 * 4 + 6 * 5 * 7 * 3


def test_what_others_found_may_be_named_with_its_source(tmp_path):
    assert changed(tmp_path).known == []
    (known,) = changed(tmp_path, known=[{"text": "two errors", "link": "https://example.org"}]).known
    assert (known.text, known.link) == ("two errors", "https://example.org")
    for name in ("fashion-mnist", "mnist"):
        assert load_dataset(name, REPOSITORY / "data").known


def broken_files(**changes):
    return {key: values | changes.get(key.replace("-", "_"), {}) for key, values in DESCRIPTION["files"].items()}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"image_shape": [28]}, "image_shape: "),
        ({"image_shape": [0, 28]}, r"image_shape\.0: "),
        ({"classes": ["only"]}, "classes: "),
        ({"classes": ["a", "a", "b"]}, "classes: must differ"),
        ({"classes": ["a", "b", "c\n| d"]}, r"classes\.2: must be a line of printable characters, got 'c\\n"),
        ({"classes": ["a", "b", "\x1b[2J"]}, r"classes\.2: must be a line of printable characters, got '\\x1b"),
        ({"classes": ["a", "b", "\u202egnp.exe"]}, r"classes\.2: must be a line of printable characters"),
        ({"title": "\x1b]0;mine\x07"}, "title: must be a line of printable characters"),
        ({"licence": "CC\x9b0"}, "licence: must be a line of printable characters"),
        ({"colour": "red"}, "colour: is not a known key"),
        ({"known": [{"text": "errors"}]}, r"known\.0\.link: is required"),
        ({"known": [{"text": "errors", "link": "javascript:alert(1)"}]}, r"known\.0\.link: .*javascript"),
        ({"sources": ["apt:--help"]}, r"sources\.0: .*must name a package of apt"),
        ({"sources": ["npm:../../etc"]}, r"sources\.0: .*must name a package of npm"),
        ({"sources": ["ftp://host/folder"]}, r"sources\.0: must be a web address .*, got 'ftp://host/folder'$"),
        ({"sources": ["https://host/", "gopher://host"]}, r"sources\.1: must be a web address "),
        ({"classes": [0, 1, 2]}, r"classes\.0: input should be a valid string, got 0; put it in quotes$"),
        ({"classes": ["a", True, "c"]}, r"classes\.1: .*, got True; put it in quotes$"),
        ({"classes": ["a", None, "c"]}, r"classes\.1: input should be a valid string, got None$"),
        ({"files": broken_files(train_labels={"count": 7})}, "train-labels.count: must be 6, as many as images, got 7"),
        ({"files": broken_files(test_labels={"class_counts": [1, 1, 2]})}, "test-labels.class_counts: "),
        ({"files": broken_files(test_labels={"class_counts": [1, 2]})}, "test-labels.class_counts: "),
        ({"files": broken_files(test_labels={"name": "train-images"})}, "files: must differ"),
        ({"files": broken_files(test_labels={"name": "../outside"})}, r"files\.test-labels\.name: "),
        ({"files": broken_files(test_labels={"sha256": "abc"})}, r"files\.test-labels\.sha256: "),
        ({"files": {}}, r"files\.train-images: is required"),
    ],
)
def test_a_broken_description_is_one_line_that_names_the_key(tmp_path, changes, message):
    with pytest.raises(InputError, match=message) as error:
        changed(tmp_path, **changes)
    assert "\n" not in str(error.value)


def test_a_description_that_is_no_mapping_is_refused(tmp_path):
    (tmp_path / "list.yaml").write_text("- a\n- b\n")
    with pytest.raises(InputError, match="must be a mapping"):
        load_dataset("list", tmp_path)


def test_the_raw_arrays_are_what_was_published(tmp_path):
    dataset, arrays = publish(tmp_path)
    raw = read_raw(dataset, tmp_path / "published")
    np.testing.assert_array_equal(raw.train_images, arrays["train-images"])
    np.testing.assert_array_equal(raw.train_labels, arrays["train-labels"])
    np.testing.assert_array_equal(raw.test_images, arrays["test-images"])
    np.testing.assert_array_equal(raw.test_labels, arrays["test-labels"])


def test_a_missing_raw_file_names_the_command_that_brings_it(tmp_path):
    dataset, _ = publish(tmp_path)
    with pytest.raises(InputError, match=r"train-images: no such file in .*dvc repro download"):
        read_raw(dataset, tmp_path / "elsewhere")


@pytest.mark.parametrize(
    ("file", "values", "message"),
    [
        ("train-images", np.zeros((6, 2, 4), np.uint8), r"train-images: shape: must be \(6, 2, 3\), got \(6, 2, 4\)"),
        ("train-images", np.zeros((6, 2, 3), np.uint8), "train-images: sha256: must be"),
        ("test-labels", np.array([0, 1, 3], np.uint8), "test-labels: labels: must be 0 to 2, got 3"),
        ("train-labels", np.array([0, 0, 0, 1, 1, 2], np.uint8), r"must be \[2, 2, 2\], got \[3, 2, 1\]"),
    ],
)
def test_a_raw_file_that_differs_from_the_description_is_refused(tmp_path, file, values, message):
    dataset, _ = publish(tmp_path)
    with (tmp_path / "published" / file).open("wb") as stream:
        write_idx(values, stream)
    with pytest.raises(InputError, match=message):
        read_raw(dataset, tmp_path / "published")
