"""scikit-learn's digits as picture files in class folders, and pieces of its photographs."""

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
