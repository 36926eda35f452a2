"""A data set of nine images of three classes, and its description."""

import hashlib

import numpy as np
from ruamel.yaml import YAML

from hemline.data.description import load_dataset
from hemline.data.idx import UINT8

ARRAYS = {
    "train-images": np.arange(36, dtype=np.uint8).reshape(6, 2, 3),
    "train-labels": np.array([2, 0, 1, 1, 0, 2], dtype=np.uint8),
    "test-images": np.arange(100, 118, dtype=np.uint8).reshape(3, 2, 3),
    "test-labels": np.array([0, 1, 2], dtype=np.uint8),
}
DESCRIPTION = {
    "title": "Tiny",
    "licence": "CC0",
    "homepage": "https://example.org",
    "classes": ["a", "b", "c"],
    "image_shape": [2, 3],
    "files": {key: {"name": key, "sha256": "0" * 64, "count": len(array)} for key, array in ARRAYS.items()},
    "sources": [],
}


def describe(folder, **descriptions):
    """Write a description for each name into ``folder``."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, description in descriptions.items():
        YAML().dump(description, folder / f"{name}.yaml")


def write_idx(array, stream):
    """Write a uint8 array as one IDX file."""
    stream.write(bytes([0, 0, UINT8, array.ndim]) + np.array(array.shape, ">u4").tobytes() + array.tobytes())


def publish(tmp_path, arrays=ARRAYS, sources=()):
    """Write the four files into ``tmp_path / "published"`` and load a description of them."""
    published = tmp_path / "published"
    published.mkdir(exist_ok=True)
    files = {}
    for key, array in arrays.items():
        with (published / key).open("wb") as stream:
            write_idx(array, stream)
        digest = hashlib.sha256((published / key).read_bytes()).hexdigest()
        files[key] = {"name": key, "sha256": digest, "count": len(array)}
    files["train-labels"]["class_counts"] = np.bincount(arrays["train-labels"]).tolist()
    shape = [int(size) for size in arrays["train-images"].shape[1:]]
    changes = {"files": files, "image_shape": shape, "sources": list(sources)}
    describe(tmp_path / "data", tiny=DESCRIPTION | changes)
    return load_dataset("tiny", tmp_path / "data"), arrays
