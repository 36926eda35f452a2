"""What a data set is: the models of ``data/<name>.yaml``; ``load_dataset(name)`` reads and validates one."""

import math
import re
from pathlib import Path
from typing import Annotated, Self

from pydantic import AfterValidator, Field, StringConstraints, model_validator

from hemline.errors import InputError
from hemline.schema import Count, Label, Name, StrictModel, Text, parse, read_yaml

# The report links to it: nothing but a page.
Address = Annotated[str, StringConstraints(pattern=r"^https?://")]
FileName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_][A-Za-z0-9._-]*$")]
Sha256 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
# A package's name is handed to a command: it must not read as an option or a path.
PACKAGE_PATTERNS = {
    "apt": r"[a-z0-9][a-z0-9.+-]*",
    "npm": r"(@[a-z0-9][a-z0-9._-]*/)?[a-z0-9][a-z0-9._-]*(@[0-9][0-9A-Za-z.+-]*)?",
}


def _check_source(source: str) -> str:
    client, _, package = source.partition(":")
    if client in PACKAGE_PATTERNS and not re.fullmatch(PACKAGE_PATTERNS[client], package):
        raise ValueError(f"must name a package of {client}")
    return source


Source = Annotated[Text, AfterValidator(_check_source)]


class DataFile(StrictModel):
    """One file in ``data/raw``.

    Attributes:
        name: the file's name, without ``.gz``.
        sha256: of the decompressed bytes; mirrors compress the same data differently.
        count: how many images or labels it holds.
    """

    name: FileName
    sha256: Sha256
    count: Count


class LabelsFile(DataFile):
    """A file of labels; ``class_counts``, where given, says how many there are of each class, in order."""

    class_counts: list[Annotated[int, Field(ge=0, lt=2**31)]] | None = None


class Files(StrictModel):
    """The four files that a data set consists of."""

    train_images: DataFile = Field(alias="train-images")
    train_labels: LabelsFile = Field(alias="train-labels")
    test_images: DataFile = Field(alias="test-images")
    test_labels: LabelsFile = Field(alias="test-labels")

    def in_order(self) -> list[DataFile]:
        """Return training images and labels, then test images and labels."""
        return [self.train_images, self.train_labels, self.test_images, self.test_labels]


class Dataset(StrictModel):
    """The whole of ``data/<name>.yaml``; ``name`` comes from the file's name.

    Attributes:
        classes: the classes' names; label 0 is the first.
        image_shape: height and width, and channels where there are any.
        sources: where the files can be had, tried in this order.
    """

    name: Name
    title: Label
    licence: Label
    homepage: Address
    classes: Annotated[list[Label], Field(min_length=2, max_length=256)]
    image_shape: Annotated[list[Count], Field(min_length=2, max_length=3)]
    files: Files
    sources: list[Source]

    @model_validator(mode="after")
    def _check_agreement(self) -> Self:
        _check_distinct("classes", self.classes)
        _check_distinct("files", [file.name for file in self.files.in_order()])
        self._check_labels("files.train-labels", self.files.train_images, self.files.train_labels)
        self._check_labels("files.test-labels", self.files.test_images, self.files.test_labels)
        return self

    def _check_labels(self, key: str, images: DataFile, labels: LabelsFile) -> None:
        if images.count != labels.count:
            raise ValueError(f"{key}.count: must be {images.count}, as many as images, got {labels.count}")
        counts = labels.class_counts
        if counts is not None and (len(counts) != len(self.classes) or sum(counts) != labels.count):
            rule = f"must be one number for each of {len(self.classes)} classes, {labels.count} together"
            raise ValueError(f"{key}.class_counts: {rule}, got {counts}")

    def shape(self, file: DataFile) -> tuple[int, ...]:
        """Return the shape of the array that ``file`` holds: (n, h, w), (n, h, w, channels), or (n,) for labels."""
        return (file.count,) if isinstance(file, LabelsFile) else (file.count, *self.image_shape)

    def size(self, file: DataFile) -> int:
        """Return how many bytes ``file`` has when it is decompressed."""
        shape = self.shape(file)
        return 4 + 4 * len(shape) + math.prod(shape)


def load_dataset(name: str, folder: Path = Path("data")) -> Dataset:
    """Read and validate ``<folder>/<name>.yaml``.

    Raises:
        InputError: there is no such data set, or its description breaks a rule.
    """
    available = sorted(path.stem for path in folder.glob("*.yaml"))
    if name not in available:
        raise InputError(f"dataset: must be one of {available} (the files {folder}/<name>.yaml), got {name!r}")
    path = folder / f"{name}.yaml"
    values = read_yaml(path)
    return parse(Dataset, values | {"name": name} if isinstance(values, dict) else values, path)


def _check_distinct(key: str, names: list[str]) -> None:
    if len(set(names)) < len(names):
        raise ValueError(f"{key}: must differ from each other, got {names}")
