"""Picture files of any kind become upright, opaque pixels, or one line."""

import io
import struct
import subprocess
import sys
import zlib
from pathlib import Path

import matplotlib as mpl
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pictures_for_tests import deep_png
from PIL import Image, ImageOps
from sklearn.datasets import load_sample_images

from hemline.errors import InputError
from hemline.images.parallel import parallel_map
from hemline.images.picture import decode

CHINA, FLOWER = load_sample_images().images  # 427 x 640, from JPEG
HOPPER = Path(mpl.get_data_path()) / "sample_data/grace_hopper.jpg"
GREY = np.arange(0, 240, 10, dtype=np.uint8).reshape(4, 6)
ORIENTATION = 0x0112


def saved(image, kind="png", **options):
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


@pytest.mark.parametrize("kind", ["png", "webp", "tiff", "bmp", "gif"])
def test_grey_pixels_are_the_same_in_every_kind_of_file(kind):
    options = {"lossless": True} if kind == "webp" else {}
    pixels = decode(saved(Image.fromarray(GREY), kind, **options))
    # WebP knows colours alone.
    assert np.array_equal(pixels, GREY if kind != "webp" else np.repeat(GREY[..., None], 3, axis=2))
    assert pixels.dtype == np.uint8


@pytest.mark.parametrize("photo", [CHINA, FLOWER], ids=["china", "flower"])
@pytest.mark.parametrize("kind", ["png", "tiff", "bmp", "webp"])
def test_colour_photographs_are_as_they_were_stored(photo, kind):
    options = {"lossless": True} if kind == "webp" else {}
    assert np.array_equal(decode(saved(Image.fromarray(photo), kind, **options)), photo)


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("kind", ["jpeg", "png", "webp", "tiff"])
def test_a_camera_held_in_any_way_gives_the_same_upright_picture(orientation, kind):
    upright = Image.fromarray(CHINA).resize((64, 40))
    # What the sensor saw: turned back by whatever the viewer is asked to turn.
    inverse = {5: 5, 6: 8, 7: 7, 8: 6}.get(orientation, orientation)
    stored, exif = upright.copy(), Image.Exif()
    stored.getexif()[ORIENTATION] = inverse
    stored = ImageOps.exif_transpose(stored)
    exif[ORIENTATION] = orientation
    options = {"webp": {"lossless": True}, "jpeg": {"quality": 100, "subsampling": 0}}.get(kind, {})
    pixels = decode(saved(stored, kind, exif=exif, **options))
    assert pixels.shape == (40, 64, 3)
    assert np.abs(pixels.astype(int) - np.asarray(upright)).max() <= (0 if kind != "jpeg" else 20)


def test_damaged_exif_data_do_not_hide_the_picture():
    content = saved(Image.fromarray(CHINA), "png", exif=b"Exif\0\0II*\0\xff\xff\xff\xff nonsense")
    assert np.array_equal(decode(content), CHINA)


@pytest.mark.parametrize(("ink", "paper"), [(0, 255), (255, 0)])
@pytest.mark.parametrize("mode", ["RGBA", "LA", "P"])
def test_what_is_transparent_becomes_what_the_rest_stands_out_from(ink, paper, mode):
    image = Image.new("RGBA", (20, 20), (123, 50, 200, 0))
    image.paste((ink, ink, ink, 255), (5, 5, 15, 15))
    pixels = decode(saved(image.convert(mode) if mode != "P" else image.quantize(4)))
    assert pixels.shape == ((20, 20) if mode == "LA" else (20, 20, 3))
    assert (pixels[0, 0] == paper).all()
    assert (pixels[10, 10] == ink).all()


@pytest.mark.parametrize("kind", ["png", "tiff"])
def test_grey_of_sixteen_bits_stays(kind):
    deep = GREY.astype(np.uint16) * 257
    pixels = decode(saved(Image.fromarray(deep), kind))
    assert pixels.dtype == np.uint16
    assert np.array_equal(pixels, deep)


def test_a_tiff_of_the_other_byte_order_is_the_same():
    # Pillow writes none: a header, nine entries, one strip.
    deep = (GREY.astype(np.uint16) * 257).astype(">u2")
    entries = [
        (256, 6),
        (257, 4),
        (258, 16),
        (259, 1),
        (262, 1),
        (273, 8 + 2 + 9 * 12 + 4),
        (277, 1),
        (278, 4),
        (279, 48),
    ]
    table = b"".join(struct.pack(">HHIHH", tag, 3, 1, value, 0) for tag, value in entries)
    content = b"MM\0*" + struct.pack(">IH", 8, 9) + table + b"\0\0\0\0" + deep.tobytes()
    pixels = decode(content)
    assert pixels.dtype == np.dtype(np.uint16)
    assert np.array_equal(pixels, deep)


def _tiff(pixels, *, photometric=1, sign=1):
    """Return a TIFF of one strip: a header, the tags, the pixels."""
    height, width, samples = pixels.shape
    bits = 8 * pixels.itemsize
    tags = [(256, width), (257, height), (258, bits), (259, 1), (262, photometric), (273, 8 + 2 + 10 * 12 + 4)]
    tags += [(277, samples), (278, height), (279, pixels.nbytes), (339, sign)]
    table = b"".join(struct.pack("<HHIHH", tag, 3, 1, value, 0) for tag, value in tags)
    return b"II*\0" + struct.pack("<IH", 8, len(tags)) + table + b"\0\0\0\0" + pixels.tobytes()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (_tiff(np.zeros((4, 4, 1), np.int8), sign=2), "a TIFF with pixels with a sign is not read"),
        (_tiff(np.zeros((4, 4, 1), np.uint16), photometric=0), "a TIFF with white as 0 in more than 8 bits"),
    ],
)
def test_a_tiff_that_would_be_read_wrongly_is_refused(content, message):
    with pytest.raises(InputError, match=message):
        decode(content)


def _mask(software):
    """Return a TIFF of 2 x 8 pixels of a bit each, whose first row is ones, with white as 0; and who wrote it."""
    text = software + b"\0" * 12
    tags = [(256, 3, 1, 8), (257, 3, 1, 2), (258, 3, 1, 1), (259, 3, 1, 1), (262, 3, 1, 0), (273, 3, 1, 134)]
    tags += [(277, 3, 1, 1), (278, 3, 1, 2), (279, 4, 1, 2), (305, 2, len(software) + 1, 136)]
    table = b"".join(struct.pack("<HHII", *tag) for tag in tags)
    return b"II*\0" + struct.pack("<IH", 8, len(tags)) + table + b"\0\0\0\0" + b"\xff\0" + text


def test_true_is_white_in_a_mask_of_tifffile_and_zero_is_white_in_a_scan():
    assert decode(_mask(b"tifffile.py"))[:, 0].tolist() == [255, 0]
    assert decode(_mask(b"a scanner"))[:, 0].tolist() == [0, 255]


@pytest.mark.parametrize(("kind", "channels"), [(2, 3), (4, 2)], ids=["colour", "grey with alpha"])
def test_colours_of_twelve_bits_are_refused_rather_than_left_with_sixteen_levels(kind, channels):
    pixels = np.full((4, 4, channels), 4000, np.uint16)
    pixels[..., -1] = 65535 if channels == 2 else 4000
    with pytest.raises(InputError, match="colours of 16 bits become 8, which would leave 16 levels"):
        decode(deep_png(pixels, kind))
    assert decode(deep_png(pixels * 0 + 65535, kind)).max() == 255


def test_floating_point_numbers_stay_if_they_are_finite():
    values = GREY.astype(np.float32) / 240
    assert np.array_equal(decode(saved(Image.fromarray(values), "tiff")), values)
    values[1, 1] = np.nan
    with pytest.raises(InputError, match="pixels: must be finite"):
        decode(saved(Image.fromarray(values), "tiff"))


def png(width, height, data=b""):
    def chunk(kind, content):
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", data) + chunk(b"IEND", b"")


# Its tag 277, as Pillow writes it.
SAMPLES = saved(Image.fromarray(CHINA), "tiff").replace(
    struct.pack("<HHII", 277, 3, 1, 3), struct.pack("<HHII", 277, 3, 1, 99)
)
BROKEN = {
    "empty": (b"", "must be a picture .*, got an empty file"),
    "text": (b"no picture", "must be a picture .*, got something else"),
    "truncated jpeg": (HOPPER.read_bytes()[:5000], "cannot be read: image file is truncated"),
    "truncated png": (saved(Image.fromarray(CHINA))[:1000], "cannot be read: "),
    "header alone": (saved(Image.fromarray(CHINA), "tiff")[:8], "must be a picture|cannot be read"),
    "png of a broken chunk": (
        b"\0\0\0\0".join(saved(Image.fromarray(CHINA)).rsplit(b"IDAT", 1)),
        "cannot be read: broken PNG file",
    ),
    "png of a short header": (png(2, 2)[:8] + b"\0\0\0\1IHDR\0" + bytes(4), "must be a picture|cannot be read"),
    "tiff of absurdly many samples": (SAMPLES, "a TIFF of 99 channels of 8 bits is not read; `tifffile`"),
    "bomb": (png(60_000, 60_000), "must have at most 100,000,000 pixels, got far more"),
    "just a bomb": (png(10_001, 10_000), "must have at most 100,000,000 pixels, got 10,001 x 10,000"),
}


@pytest.mark.parametrize(("content", "message"), BROKEN.values(), ids=BROKEN)
def test_what_cannot_be_read_is_one_line(content, message):
    with pytest.raises(InputError, match=message) as caught:
        decode(content)
    assert "\n" not in str(caught.value)


def test_a_user_sees_no_warnings_of_pillow(tmp_path):
    # In a process of its own, as pytest collects warnings.
    (tmp_path / "large.png").write_bytes(png(10_000, 10_000))  # without its pixels
    (tmp_path / "samples.tif").write_bytes(SAMPLES)
    (tmp_path / "damaged.png").write_bytes(saved(Image.fromarray(GREY), exif=b"Exif\0\0II*\0\xff\xff nonsense"))
    code = """
import sys
from pathlib import Path
from hemline.images.picture import InputError, decode
for path in map(Path, sys.argv[1:]):
    try:
        print(decode(path.read_bytes()).shape)
    except InputError as error:
        print(str(error).partition(":")[0])
"""
    names = ["large.png", "samples.tif", "damaged.png"]
    command = [sys.executable, "-c", code, *(str(tmp_path / name) for name in names)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == [
        "cannot be read",
        "a TIFF of 99 channels of 8 bits is not read; `tifffile` reads it",
        "(4, 6)",
    ]
    assert done.stderr == ""


@given(
    st.sampled_from(["png", "jpeg", "gif", "bmp", "tiff", "webp"]),
    st.lists(st.tuples(st.integers(0, 2000), st.integers(0, 255)), min_size=1, max_size=20),
    st.integers(1, 3000),
)
def test_whatever_is_damaged_is_a_picture_or_one_line(kind, changes, length):
    content = bytearray(saved(Image.fromarray(CHINA).resize((20, 15)), kind))
    for place, value in changes:
        content[place % len(content)] = value
    try:
        told = str(decode(bytes(content[:length])).ndim)
    except InputError as error:
        told = str(error)
    assert "\n" not in told


def test_results_are_in_order_whoever_computes_them():
    large = set(range(0, 100, 3))
    assert list(parallel_map(lambda item: item * item, range(100), large.__contains__)) == [i * i for i in range(100)]


def test_no_more_is_taken_than_is_asked_for():
    taken = []
    results = parallel_map(lambda item: item, (taken.append(item) or item for item in range(10_000)), lambda _: True)
    assert next(results) == 0
    assert len(taken) < 1000
    results.close()


def test_an_error_is_raised_in_its_turn():
    results = parallel_map(lambda item: 1 // (item - 2), range(5), lambda item: item % 2 == 0)
    assert [next(results), next(results)] == [-1, -1]
    with pytest.raises(ZeroDivisionError):
        next(results)
