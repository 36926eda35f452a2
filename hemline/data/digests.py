"""Digests of images, by which it is known later which ones a model was trained on."""

import hashlib

import numpy as np
from numpy.typing import NDArray

from hemline.data.normalized import Normalized


def image_digests(images: NDArray[np.generic]) -> NDArray[np.uint64]:
    """Return the first 8 bytes of the SHA-256 of each image's pixels; images are (n, ...), of any shape and type."""
    whole = b"".join(hashlib.sha256(np.ascontiguousarray(image).data).digest()[:8] for image in images)
    return np.frombuffer(whole, "<u8")


def seen_digests(normalized: Normalized) -> NDArray[np.uint64]:
    """Return the digests of the images that models are trained on or chosen by, ascending, each once."""
    sets = [image_digests(normalized.images(name)) for name in normalized.sets if name != "test"]
    return np.unique(np.concatenate(sets))


def set_digest(digests: NDArray[np.uint64]) -> str:
    """Return one digest of images in any order, 64 hexadecimal digits."""
    return hashlib.sha256(np.sort(digests).tobytes()).hexdigest()
