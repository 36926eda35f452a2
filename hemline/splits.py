"""The normalized data: raw pixels -> scaled training, validation and test sets, and their files."""

from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from hemline.dataset import RawImages
from hemline.errors import InputError
from hemline.params import Normalize

# Part of what defines the split, like the share itself; the seeds of params.yaml vary the trainings on one same split.
_SPLIT_SEED = 0


class Labelled(NamedTuple):
    """Images (n, h, w) or (n, h, w, channels), float32, and their labels (n,), integers from 0."""

    images: NDArray[np.float32]
    labels: NDArray[np.integer]


def scale(images: NDArray[np.uint8], divisor: float) -> NDArray[np.float32]:
    """Return ``images`` as float32, divided by ``divisor``."""
    return np.divide(images, np.float32(divisor), dtype=np.float32)


def split(raw: RawImages, normalize: Normalize) -> dict[str, Labelled]:
    """Scale all images, and take the validation set, stratified by class, out of the training set.

    Args:
        raw: the data set as it was published.
        normalize: the divisor of the pixels and the share of the validation set; with a share of 0 it is empty.

    Returns:
        The sets "train", "validation" and "test"; the order of the images is kept in each.

    Raises:
        InputError: the share leaves a class without an image on one side.
    """
    everything = np.arange(len(raw.train_labels))
    train, validation = everything, everything[:0]
    if normalize.validation_split:
        from sklearn.model_selection import train_test_split  # noqa: PLC0415 - slow, and not for those who only read

        try:
            train, validation = train_test_split(
                everything, test_size=normalize.validation_split, stratify=raw.train_labels, random_state=_SPLIT_SEED
            )
        except ValueError as error:
            raise InputError(
                f"normalize.validation_split: must leave images of every class on both sides, "
                f"got {normalize.validation_split}: {error}"
            ) from None
    parts = {
        "train": (raw.train_images, raw.train_labels, np.sort(train)),
        "validation": (raw.train_images, raw.train_labels, np.sort(validation)),
        "test": (raw.test_images, raw.test_labels, np.arange(len(raw.test_labels))),
    }
    return {
        name: Labelled(scale(images[places], normalize.scale), labels[places])
        for name, (images, labels, places) in parts.items()
    }


def write_split(name: str, labelled: Labelled, folder: Path) -> None:
    """Write ``<name>-images.npy`` and ``<name>-labels.npy``, which can be memory-mapped."""
    folder.mkdir(parents=True, exist_ok=True)
    np.save(folder / f"{name}-images.npy", labelled.images)
    np.save(folder / f"{name}-labels.npy", labelled.labels)


def read_split(name: str, folder: Path = Path("data/normalized")) -> Labelled:
    """Open a set that ``write_split`` wrote, memory-mapped.

    Raises:
        InputError: it is missing, or its images and labels do not belong together.
    """
    try:
        images = np.load(folder / f"{name}-images.npy", mmap_mode="r")
        labels = np.load(folder / f"{name}-labels.npy", mmap_mode="r")
    except FileNotFoundError as error:
        raise InputError(f"{error.filename}: no such file; run `dvc repro normalize`") from None
    if images.ndim not in {3, 4} or len(images) != len(labels):
        raise InputError(
            f"{folder}/{name}-images.npy: must be images (n, h, w) or (n, h, w, channels), one for each of "
            f"{len(labels)} labels, got {images.shape}"
        )
    # As plain arrays of the mapped memory: TensorFlow takes ten times longer to copy NumPy's subclass for it.
    return Labelled(np.asarray(images), np.asarray(labels))
