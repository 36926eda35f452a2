import io
from base64 import b64decode

import numpy as np
import pytest
from PIL import Image

from hemline.data.pixels import Pixels
from hemline.report import gallery
from hemline.report.gallery import grid_words, predict, shown_test_images, training_grid
from hemline.report.pictures import Picture, thumbnail

CLASSES = ["cat", "dog", "eel"]
BLANK = np.zeros((8, 8), np.float32)


def pixels(picture: Picture) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(b64decode(picture.source.partition(",")[2]))))


def test_the_images_that_tutorials_discuss_are_shown_where_they_exist() -> None:
    assert shown_test_images(np.arange(10_000) % 10) == ([*range(13), 15, 1000], "chosen by their numbers")
    assert shown_test_images(np.arange(1000) % 10)[0] == [*range(14), 15]
    assert shown_test_images(np.arange(20) % 10)[0] == [*range(14), 15]


@pytest.mark.parametrize(("classes", "seen"), [(2, 2), (10, 10), (50, 15)])
def test_test_images_that_are_sorted_by_class_are_shown_of_every_class(classes: int, seen: int) -> None:
    labels = np.repeat(np.arange(classes), 36)
    indices, words = shown_test_images(labels)
    assert len(set(labels[indices])) == seen
    assert indices == sorted(indices)
    assert words == "the first of each class, in turns"


@pytest.mark.parametrize("at_once", [1, 7, 1000])
def test_labels_are_looked_at_some_at_a_time_and_the_same_images_are_found(
    at_once: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    labels = np.random.default_rng(0).permutation(np.repeat(np.arange(30, dtype=np.uint8), np.arange(30)))
    expected = gallery._in_turns(labels, 70)
    turn_of = [int((labels[:index] == label).sum()) for index, label in enumerate(labels)]
    assert expected == sorted(range(len(labels)), key=lambda index: (turn_of[index], labels[index]))[:70]
    monkeypatch.setattr(gallery, "_LABELS", at_once)
    assert gallery._in_turns(labels, 70) == expected


@pytest.mark.parametrize(("classes", "shown"), [(2, 25), (26, 26), (100, 100), (1000, 100)])
def test_every_class_is_shown_up_to_a_hundred_of_them(classes: int, shown: int) -> None:
    labels = np.arange(2000) % classes
    names = [f"class {number}" for number in range(classes)]
    grid = [name for name, _ in training_grid(np.zeros((2000, 1, 1)), labels, names)]
    assert len(grid) == shown
    assert list(dict.fromkeys(grid)) == names[:100]


def test_the_words_say_which_training_images_are_shown() -> None:
    assert grid_words(25, 60_000, 10) == "25 of 60,000 training images: the first of each class, in turns."
    assert grid_words(50, 60_000, 50) == "50 of 60,000 training images: the first of each class."
    assert grid_words(100, 60_000, 1000) == (
        "100 of 60,000 training images: one of each of the first 100 of 1,000 classes."
    )


def test_right_means_the_right_label_not_the_same_name() -> None:
    shares = np.array([0.1, 0.9])
    assert not predict(0, BLANK, 0, shares, ["twin", "twin"]).right
    assert predict(0, BLANK, 1, shares, ["twin", "twin"]).right


def test_a_prediction_has_its_confidence_in_per_cent_and_a_bar_for_each_class() -> None:
    made = predict(7, BLANK, 0, np.array([0.25, 0.75, 0.0]), CLASSES)
    assert (made.index, made.true, made.predicted, made.confidence) == (7, "cat", "dog", 75)
    assert [(bar.name, bar.percent, bar.role) for bar in made.bars] == [
        ("cat", 25, "true"),
        ("dog", 75, "predicted"),
        ("eel", 0, ""),
    ]


def test_the_true_class_has_a_bar_however_improbable() -> None:
    shares = np.arange(26) / np.arange(26).sum()
    bars = predict(0, BLANK, 3, shares, [str(place) for place in range(26)]).bars
    assert [(bar.name, bar.role) for bar in bars[9:]] == [("16", ""), ("3", "true")]


@pytest.mark.parametrize("shape", [(8, 8), (8, 8, 1), (64, 64, 3)])
def test_a_picture_holds_the_raw_pixels(shape: tuple[int, ...]) -> None:
    raw = np.random.default_rng(0).integers(0, 256, shape).astype(np.uint8)
    _, picture = training_grid(raw[np.newaxis], np.zeros(1, int), CLASSES)[0]
    np.testing.assert_array_equal(pixels(picture), raw.squeeze())


@pytest.mark.parametrize(
    ("shape", "size", "crisp"),
    [
        ((1, 1), (1, 1), True),
        ((8, 8), (8, 8), True),
        ((96, 96, 3), (96, 96), False),
        ((200, 40), (26, 128), False),
        ((300, 400, 3), (128, 96), False),
    ],
)
def test_small_pictures_show_their_pixels_and_large_ones_are_reduced(
    shape: tuple[int, ...], size: tuple[int, int], crisp: bool
) -> None:
    picture = thumbnail(np.zeros(shape, np.uint8), "an image")
    assert pixels(picture).shape[1::-1] == (picture.width, picture.height) == size
    assert picture.crisp == crisp


@pytest.mark.parametrize("highest", [1, 16, 255, 65535])
def test_the_highest_pixel_of_a_data_set_is_white_in_its_pictures(highest: int) -> None:
    range_ = Pixels(type="uint16", highest=highest)
    images = np.stack([np.zeros((4, 4)), np.full((4, 4), highest)]).astype(np.uint16)
    grid = training_grid(images, np.array([0, 1]), CLASSES, range_)
    single = predict(1, images[1], 1, np.array([0, 1, 0]), CLASSES, pixels=range_)
    shades = [pixels(picture) for picture in (*(picture for _, picture in grid), single.picture)]
    assert [(shade.min(), shade.max()) for shade in shades] == [(0, 0), (255, 255), (255, 255)]
