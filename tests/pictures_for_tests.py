"""scikit-learn's digits as picture files in class folders, and pieces of its photographs."""

import struct
import zlib

import numpy as np
from PIL import Image
from sklearn.datasets import load_digits, load_sample_images


def write_digits(folder, count=1797):
    """Write the first digits as PNG files, each in the folder of its class."""
    digits = load_digits()
    for number, (image, label) in enumerate(zip(digits.images[:count], digits.target[:count], strict=True)):
        write(folder / str(label) / f"{number}.png", image.astype(np.uint8))
    return folder


def write(path, pixels, **options):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels).save(path, **options)
    return path


def photograph(number=0):
    """Return a temple (0) or a flower (1), uint8 (427, 640, 3)."""
    return load_sample_images().images[number]


def deep_png(pixels, kind):
    """Return a PNG of 16 bits; its kind is 2 for colour, 4 for grey with alpha."""

    def chunk(name, content):
        return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))

    head = struct.pack(">IIBBBBB", pixels.shape[1], pixels.shape[0], 16, kind, 0, 0, 0)
    rows = b"".join(b"\0" + row.astype(">u2").tobytes() for row in pixels)
    parts = chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + parts
