"""One image -> what is remembered of it: hashes by which its copies, and pictures much like it, are found again."""

import hashlib
from typing import Any, NamedTuple

import imagehash
import numpy as np
from numpy.typing import NDArray
from PIL import Image

EXACT, COARSE, FINE = 16, 8, 32  # bytes
# Of many fingerprints, one after the other.
FINGERPRINT = np.dtype([("exact", f"V{EXACT}"), ("coarse", f"V{COARSE}"), ("fine", np.uint8, FINE)])
_SIDE = 16  # of the fine hash: 256 bits
_COLOURS = 3


class Fingerprint(NamedTuple):
    """The fingerprint of one image."""

    exact: bytes  # BLAKE2 of its shape and pixels
    coarse: bytes  # the perceptual hash of 64 bits: the signs of its lowest frequencies (``imagehash.phash``)
    fine: bytes  # the difference hash of 256 bits: where it gets lighter to the right (``imagehash.dhash``)


def fingerprint(image: NDArray[Any], lowest: float, highest: float) -> Fingerprint:
    """Return the hashes of an image, uint8, uint16 or float32, (height, width[, channels]), with its extreme pixels."""
    exact = hashlib.blake2b(f"{image.shape} {image.dtype}".encode(), digest_size=EXACT)
    exact.update(np.ascontiguousarray(image).data)
    if lowest == highest:  # of no shape: like nothing but its copies
        return Fingerprint(exact.digest(), exact.digest()[:COARSE], bytes(FINE))
    picture = _picture(image, lowest, highest)
    coarse = np.packbits(imagehash.phash(picture).hash).tobytes()
    return Fingerprint(exact.digest(), coarse, np.packbits(imagehash.dhash(picture, _SIDE).hash).tobytes())


def _picture(image: NDArray[Any], lowest: float, highest: float) -> Image.Image:
    """Return the image as 8 bits of grey; hashes see contrast alone, so that any range can be stretched."""
    if image.ndim == _COLOURS and image.shape[2] != _COLOURS:
        image = image[..., 0]
    if image.dtype != np.uint8:
        image = ((image.astype(np.float32) - lowest) * (255 / max(highest - lowest, 1e-9))).astype(np.uint8)
    return Image.fromarray(image).convert("L")
