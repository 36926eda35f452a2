"""Make a data set of any size, whose classes can be learnt: four IDX files and their description.

Writes: data/manual/<name>/, where the download stage looks first; data/<name>.yaml

Every image is a pattern of its class, nearly drowned in noise; blocks of images are written as they are made.
"""

import hashlib
import itertools
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from ruamel.yaml import YAML

from hemline.data.idx import UINT8
from hemline.errors import writing

CLASSES = 10
# A test image for so many training images.
TRAINING_TO_TEST = 10
_BLOCK_BYTES = 2**24
# Of the patterns, for images of as many pixels as MNIST's; larger images have weaker ones, so that they are as hard.
_STRENGTH, _MNIST_PIXELS = 16, 784
_NOISE, _BRIGHTEST = 192, 255  # grey levels


def make(name: str, n_images: int, shape: Iterable[int], folder: Path = Path("data")) -> None:
    """Write the files of a set, and its description; the test set has a tenth of the training images."""
    shape = tuple(shape)
    files: dict[str, dict[str, Any]] = {}
    target = folder / "manual" / name
    target.mkdir(parents=True, exist_ok=True)
    sizes = {"train": n_images, "test": max(CLASSES, n_images // TRAINING_TO_TEST)}
    for seed, (part, size) in enumerate(sizes.items()):
        labels = (np.random.default_rng([seed, 0]).permutation(size) % CLASSES).astype(np.uint8)
        blocks = _images(labels, shape, seed)
        files[f"{part}-images"] = _write(target / f"{part}-images", (size, *shape), blocks)
        files[f"{part}-labels"] = _write(target / f"{part}-labels", (size,), [labels])
    about = {
        "title": f"{n_images:,} made images",
        "classes": [str(number) for number in range(CLASSES)],
        "image_shape": list(shape),
        "files": files,
        "sources": [],
    }
    YAML().dump(about, folder / f"{name}.yaml")


def _images(labels: NDArray[np.uint8], shape: tuple[int, ...], seed: int) -> Iterator[NDArray[np.uint8]]:
    pixels = int(np.prod(shape))
    strength = round(min(max(_STRENGTH * (_MNIST_PIXELS / pixels) ** 0.5, 2), _BRIGHTEST - _NOISE))
    patterns = np.random.default_rng(0).integers(0, strength, (CLASSES, *shape), np.uint8)
    noise = np.random.default_rng([seed, 1])
    rows = max(1, _BLOCK_BYTES // pixels)
    for start in range(0, len(labels), rows):
        own = labels[start : start + rows]
        yield patterns[own] + noise.integers(0, _NOISE, (len(own), *shape), np.uint8)


def _write(path: Path, shape: tuple[int, ...], blocks: Iterable[NDArray[np.uint8]]) -> dict[str, Any]:
    """Write an IDX file, and return what a description says of it."""
    digest = hashlib.sha256()
    with writing(path), path.open("wb") as file:
        header = bytes([0, 0, UINT8, len(shape)]) + np.array(shape, ">u4").tobytes()
        for content in itertools.chain([header], (block.tobytes() for block in blocks)):
            digest.update(content)
            file.write(content)
    return {"name": path.name, "sha256": digest.hexdigest(), "count": shape[0]}
