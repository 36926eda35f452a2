"""Photos of all kinds, brought into a data set's frame and told apart."""

import numpy as np
import pytest
import workspace_for_tests as workspace
from PIL import Image

from commands import predict
from hemline.__main__ import main as hemline
from hemline.data.description import Resize
from hemline.data.pixels import Pixels
from hemline.data.scaling import from_screen, to_screen
from hemline.errors import InputError
from hemline.images.form import Form, conform
from hemline.photo.framing import Framing, frame, measure
from hemline.photo.photo import read_photo
from hemline.photo.terminal import shades

DARK = Framing(background=0, fill=0.5)


def saved(image, path):
    image.save(path)
    return path


def square(size=100, background=0, foreground=200, box=(40, 40, 60, 60)):
    """Return a grey picture of a bright or dark rectangle."""
    image = Image.new("L", (size, size), background)
    image.paste(foreground, box)
    return image


def test_the_background_and_the_size_of_objects_are_measured():
    images = np.full((3, 20, 20), 10, np.uint8)
    images[:, 5:15, 8:12] = 250
    assert measure(images) == (10, 0.5, True)
    assert measure(np.repeat(images[..., None], 3, axis=-1)) == (10, 0.5, True)


def test_photographs_have_no_background_in_common_and_are_shown_whole_and_as_they_are():
    images = np.repeat(np.array([[[20]], [[220]]], np.uint8), 8, axis=1).repeat(8, axis=2)
    framing = measure(images)
    assert not framing.uniform
    photo = square(background=220, foreground=40)
    framed = frame(photo, (100, 100), framing)
    assert not framed.inverted
    assert (framed.pixels == np.asarray(photo)).all()
    assert np.argwhere(frame(photo, (20, 20), framing).pixels < 100).min() == 8


@pytest.mark.parametrize("mode", ["L", "RGB"])
def test_a_photo_is_resized_as_the_images_of_the_data_set_were(mode):
    photo = square(background=220, foreground=40).crop((0, 0, 100, 50)).convert(mode)
    shape = (20, 10, 3)[: len(np.asarray(photo).shape)]
    resize = Resize(method="box", fit="stretch")
    framed = frame(photo, shape, DARK, resize=resize)
    assert not framed.inverted
    assert (framed.pixels == conform(np.asarray(photo), Form(shape, resize=resize))).all()


def test_the_object_is_centred_and_sized_as_in_the_data_set():
    framed = frame(square(box=(5, 10, 45, 50)), (20, 20), DARK)
    bright = np.argwhere(framed.pixels > 100)
    assert bright.min(axis=0).tolist() == [5, 5]
    assert bright.max(axis=0).tolist() == [14, 14]
    assert framed.pixels[10, 10] == 200
    assert framed.pixels[0, 0] == 0


@pytest.mark.parametrize(("background", "foreground", "inverted"), [(0, 200, False), (255, 55, True), (230, 30, True)])
def test_light_and_dark_are_exchanged_where_the_border_asks_for_it(background, foreground, inverted):
    framed = frame(square(background=background, foreground=foreground), (20, 20), DARK)
    assert framed.inverted is inverted
    assert framed.border == background
    assert framed.pixels[0, 0] == 0
    assert framed.pixels[10, 10] >= 200


def test_the_user_overrules_the_border():
    assert frame(square(), (20, 20), DARK, invert=True).inverted
    assert not frame(square(background=255, foreground=0), (20, 20), DARK, invert=False).inverted


def test_an_image_of_the_data_set_comes_through_unchanged():
    pixels, _ = workspace.images(3)
    pixels[:, 0], pixels[:, -1], pixels[:, :, 0], pixels[:, :, -1] = 0, 0, 0, 0
    framed = frame(Image.fromarray(pixels[1]), workspace.SHAPE, measure(pixels))
    assert (framed.pixels == pixels[1]).all()


def test_colour_stays_colour_and_is_never_inverted_unasked():
    photo = Image.new("RGB", (60, 60), (250, 240, 230))
    photo.paste((200, 30, 40), (20, 20, 40, 40))
    framed = frame(photo, (20, 20, 3), DARK)
    assert not framed.inverted
    assert framed.pixels.shape == (20, 20, 3)
    assert framed.pixels[10, 10].tolist() == [200, 30, 40]
    assert framed.pixels[0, 0].tolist() == [250, 240, 230]
    assert frame(photo, (20, 20, 3), DARK, invert=True).pixels[10, 10].tolist() == [55, 225, 215]


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "CMYK", "YCbCr", "I", "F"])
def test_every_mode_of_a_picture_becomes_grey_or_colour(mode, tmp_path):
    path = saved(square(foreground=255).convert("RGB").convert(mode), tmp_path / "a.tif")
    assert read_photo(path, 1).mode == "L"
    assert read_photo(path, 3).mode == "RGB"


def test_sixteen_bits_are_scaled_and_not_cut_off(tmp_path):
    values = np.array([[0, 257], [32896, 65535]], np.uint16)
    path = saved(Image.fromarray(values), tmp_path / "deep.png")
    assert np.asarray(read_photo(path, 1)).tolist() == [[0, 1], [128, 255]]


def test_a_picture_of_a_data_set_whose_white_is_not_255_is_as_bright_as_its_own(tmp_path):
    levels = Pixels(highest=16)
    own = np.array([[0, 4], [8, 16]], np.uint8)
    of_the_set = saved(Image.fromarray(own), tmp_path / "own.png")
    photo = saved(Image.fromarray(own * 15), tmp_path / "photo.png")
    np.testing.assert_array_equal(read_photo(of_the_set, 1, levels), [[0, 64], [128, 255]])
    np.testing.assert_array_equal(read_photo(photo, 1, levels), own * 15)
    np.testing.assert_array_equal(from_screen(to_screen(own, levels), levels), own)


def test_what_cannot_be_read_is_one_line(tmp_path):
    (tmp_path / "folder").mkdir()
    (tmp_path / "text").write_text("no picture")
    for name, message in {
        "nowhere": "no such file",
        "folder": "cannot be read: .*directory",
        "text": r"must be a picture \(PNG, JPEG, WebP, ...\), got something else",
    }.items():
        with pytest.raises(InputError, match=rf"{name}: {message}") as caught:
            read_photo(tmp_path / name, 1)
        assert "\n" not in str(caught.value)


def test_a_terminal_shows_light_filled_and_two_characters_a_pixel():
    assert shades(np.array([[0, 255], [60, 130]], np.uint8)) == "  ██\n░░▒▒"
    assert shades(np.full((1, 1, 1), 255, np.uint8)) == "██"
    assert shades(np.full((2, 2, 3), 255, np.uint8)) == "████\n████"
    assert max(map(len, shades(np.full((300, 200), 255, np.uint8)).splitlines())) <= 72


@pytest.fixture
def finished(tmp_path, monkeypatch):
    return workspace.build(tmp_path / "copy", monkeypatch)


def run(monkeypatch, *arguments):
    hemline(["predict", *map(str, arguments)])


def test_a_model_is_shown_the_photo_in_its_data_set_s_own_range(finished, monkeypatch, tmp_path):
    asked = []

    def probabilities(images):
        asked.append(images)
        return np.array([[0.2, 0.8]])

    pixels = Pixels(highest=16)
    known = predict.Classifier("a model", ["a", "b"], (2, 2), pixels, DARK, None, probabilities)
    monkeypatch.setattr(predict, "_classifier", lambda _: known)
    own = saved(Image.fromarray(np.array([[0, 4], [8, 16]], np.uint8)), tmp_path / "own.png")
    run(monkeypatch, own, "--no-invert")
    (images,) = asked
    assert images.dtype == np.uint8
    assert images.max() == 16


def band(path, label=2):
    """Write a large photo, dark on light, of a class: a band at its place, and a thin frame that gives it one."""
    pixels, labels = workspace.images(3)
    pixels[pixels < 50] = 0
    image = Image.fromarray(255 - pixels[labels.tolist().index(label)]).convert("RGB")
    return saved(image, path)


def test_without_a_champion_the_best_model_of_the_workspace_tells(finished, monkeypatch, capsys):
    run(monkeypatch, band(finished / "photo.png"), "--save", finished / "seen.png", "--top", 2)
    told = capsys.readouterr().out
    assert "Light background, unlike the training data: the image was inverted" in told
    assert "the best model of the workspace by validation (three with seed 1; no champion yet)" in told
    lines = told.splitlines()
    assert lines[-2].strip().endswith("%  bottom")
    assert "██" in told
    with Image.open(finished / "seen.png") as seen:
        assert seen.size == workspace.SHAPE
    assert not (finished / "mlflow.db").exists()


def test_the_champion_tells_where_there_is_one(finished, monkeypatch, capsys):
    hemline(["promote"])
    run(monkeypatch, band(finished / "photo.png", label=0), "--invert")
    told = capsys.readouterr().out
    assert "The image was inverted, as told. What the champion (version 1, three with seed 1) sees:" in told
    assert told.splitlines()[-3].endswith("%  top")
