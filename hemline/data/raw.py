"""The four IDX files of a data set, as they were published: each is refused unless it is what the description says."""

import hashlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from hemline.data.description import DataFile, IdxDataset, LabelsFile
from hemline.data.idx import open_idx
from hemline.errors import InputError


@dataclass(frozen=True)
class RawImages:
    """A data set as it was published: training and test, nothing scaled, shuffled or split.

    Images are uint8 (n, h, w[, channels]), 0 to 255; labels are uint8 (n,), 0 to classes - 1.
    """

    train_images: NDArray[np.uint8]
    train_labels: NDArray[np.uint8]
    test_images: NDArray[np.uint8]
    test_labels: NDArray[np.uint8]


def read_raw(dataset: IdxDataset, folder: Path = Path("data/raw")) -> RawImages:
    """Read a data set's four raw files, each checked against its description, as ``read_file`` does."""
    return RawImages(*(read_file(dataset, file, folder / file.name) for file in dataset.files.in_order()))


def read_file(dataset: IdxDataset, file: DataFile, path: Path) -> NDArray[np.uint8]:
    """Read one file, memory-mapped, and check everything that the description says of it.

    Returns uint8 images (n, h, w[, channels]), 0 to 255, or labels (n,), 0 to classes - 1.

    Raises:
        InputError: the file is missing, is no IDX file, or differs in shape, labels, class counts or checksum.
    """
    try:
        values = open_idx(path, dataset.shape(file))
        if isinstance(file, LabelsFile):
            _check_labels(len(dataset.classes), file, values)
        _check_sha256(file, path)
    except FileNotFoundError:
        raise InputError(f"{file.name}: no such file in {path.parent}; run `dvc repro download`") from None
    except InputError as error:
        raise InputError(f"{file.name}: {error}") from None
    return values


def _check_labels(n_classes: int, file: LabelsFile, values: NDArray[np.uint8]) -> None:
    counts = np.bincount(values, minlength=n_classes).tolist()
    if len(counts) > n_classes:
        raise InputError(f"labels: must be 0 to {n_classes - 1}, got {len(counts) - 1}")
    if file.class_counts is not None and counts != file.class_counts:
        raise InputError(f"class counts: must be {file.class_counts}, got {counts}")


def _check_sha256(file: DataFile, path: Path) -> None:
    with path.open("rb") as stream:
        digest = hashlib.file_digest(stream, "sha256").hexdigest()
    if digest != file.sha256:
        raise InputError(f"sha256: must be {file.sha256}, got {digest}")
