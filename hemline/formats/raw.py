"""The output of the download stage in ``data/raw``, opened as described: images and labels, part by part."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hemline.data.description import CollectedDataset, Dataset, IdxDataset, Part, Split
from hemline.data.labels import Labels
from hemline.data.raw import read_raw
from hemline.errors import InputError
from hemline.formats.format import Located, Source, open_source
from hemline.formats.idx import IdxSource
from hemline.images.form import Form
from hemline.words import first_quoted


class Raw:
    """The raw images of a data set, and their classes."""

    def __init__(self, dataset: Dataset, folder: Path = Path("data/raw")) -> None:
        """Open them, and read the labels; an ``InputError`` if a file is missing, or not as described."""
        self._source = _open(dataset, folder)
        resize = dataset.resize if isinstance(dataset, CollectedDataset) else None
        self._form = Form(tuple(dataset.image_shape), dataset.pixels, resize)
        self._described = dataset
        self.parts: dict[Part, Labels] = {
            part: Labels(self._classes(part, labels), dataset.classes, labels.groups)
            for part, labels in self._source.parts().items()
        }
        if {*self.parts} != {*dataset.counts}:
            raise InputError(
                f"data/{dataset.name}.yaml: class_counts: must have the parts of the data, {sorted(self.parts)}, "
                f"got {sorted(dataset.counts)}"
            )

    def batches(self, part: Part) -> Iterator[NDArray[Any]]:
        """Yield the images of a part, (n, *image_shape) of ``pixels.type``, in the order of its labels.

        Raises:
            InputError: an image is not what the description says.
        """
        read = 0
        for batch in self._source.batches(part, self._form):
            read += len(batch)
            yield batch
        if read != len(self.parts[part].codes):
            raise InputError(f"{part}: must be {len(self.parts[part].codes)} images, got {read}")

    def _classes(self, part: Part, labels: Labels) -> NDArray[np.integer[Any]]:
        dataset = self._described
        if isinstance(dataset, IdxDataset):
            return labels.codes  # checked file by file
        assert isinstance(dataset, CollectedDataset)  # noqa: S101 - there is no third
        known = {value: number for number, value in enumerate(dataset.labels or dataset.classes)}
        unknown = [value for value in labels.values if value not in known]
        if unknown:
            key = "classes" if dataset.labels is None else "labels"
            rule = f"{key}: must have {unknown[0]!r} as it stands in the data"
            remedy = "classes are renamed under `classes`, beside `labels` as they stand in the data"
            raise InputError(f"data/{dataset.name}.yaml: {rule}, got {first_quoted(known)}; {remedy}")
        numbers = np.array([known[value] for value in labels.values])
        classes: NDArray[np.integer[Any]] = numbers[labels.codes].astype(np.min_scalar_type(len(known) - 1))
        counts = np.bincount(classes, minlength=len(known)).tolist()
        for number, expected in enumerate(dataset.class_counts.get(part, counts)):
            if counts[number] != expected:
                rule = f"must be {counts[number]} images of {dataset.classes[number]!r}"
                raise InputError(
                    f"data/{dataset.name}.yaml: class_counts.{part}: {rule}, as in the data, got {expected}"
                )
        return classes


class Joined:
    """The parts of ``raw``, but with "train" and "test" as one part "all", in this order."""

    def __init__(self, raw: Raw) -> None:
        """Join the labels; no image is read."""
        self._raw = raw
        self._joined: list[Part] = [part for part in raw.parts if part != "validation"]
        labels = [raw.parts[part] for part in self._joined]
        groups = [each.groups for each in labels if each.groups is not None]
        self.parts: dict[Part, Labels] = {part: raw.parts[part] for part in raw.parts if part == "validation"}
        self.parts["all"] = Labels(
            np.concatenate([each.codes for each in labels]),
            labels[0].values,
            np.concatenate(groups) if len(groups) == len(labels) else None,
        )

    def batches(self, part: Part) -> Iterator[NDArray[Any]]:
        """Yield the images of a part, as ``Raw.batches`` does."""
        for each in self._joined if part == "all" else [part]:
            yield from self._raw.batches(each)


def redrawn(raw: Raw, dataset: Dataset, seed: int) -> tuple[Joined, Split]:
    """Return the images as one part, and the split that draws a test set of the usual size from them with ``seed``."""
    if isinstance(dataset, CollectedDataset) and dataset.split:
        return Joined(raw), Split(test=dataset.split.test, seed=seed)
    sizes = {part: len(raw.parts[part].codes) for part in raw.parts}
    return Joined(raw), Split(test=sizes["test"] / (sizes["train"] + sizes["test"]), seed=seed)


def raw_files(dataset: CollectedDataset, folder: Path = Path("data/raw")) -> list[Located]:
    """Return where the files of a data set are; a folder, or a tar file, is there as a zip file of its pictures."""
    packed = [folder / f"{file.name}.zip" for file in dataset.files]
    return [
        Located(zipped if zipped.exists() else folder / file.name, file.part)
        for file, zipped in zip(dataset.files, packed, strict=True)
    ]


def _open(dataset: Dataset, folder: Path) -> Source:
    if isinstance(dataset, IdxDataset):
        raw = read_raw(dataset, folder)
        return IdxSource({"train": (raw.train_images, raw.train_labels), "test": (raw.test_images, raw.test_labels)})
    assert isinstance(dataset, CollectedDataset)  # noqa: S101 - there is no third
    files = raw_files(dataset, folder)
    for file in files:
        if not file.path.exists():
            raise InputError(f"{file.path}: no such file; run `dvc repro download`")
    return open_source(dataset.format, files, dataset.options, Path(f"data/{dataset.name}.yaml"))
