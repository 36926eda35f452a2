"""Descriptions of data sets: the models of ``data/<name>.yaml``; ``load_dataset(name)`` reads and validates one.

Whatever its format, a data set is a ``Dataset``. Four IDX files, the default, are an ``IdxDataset``; images in any
other format (a module of ``hemline.formats``) are a ``CollectedDataset``.
"""

import hashlib
import math
import re
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, Field, StringConstraints, model_validator

from hemline.data.pixels import Pixels
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


# ... and what reaches a location; without a scheme, it is a folder.
SCHEMES = ("https", "http", "s3", "file")


def _check_source(source: str) -> str:
    scheme, separator, _ = source.partition("://")
    if separator and scheme not in SCHEMES:
        raise ValueError(
            "must be a web address (https://, http://), a bucket (s3://), a folder, or a package (apt:, npm:)"
        )
    client, _, package = source.partition(":")
    if client in PACKAGE_PATTERNS and not re.fullmatch(PACKAGE_PATTERNS[client], package):
        raise ValueError(f"must name a package of {client}")
    return source


Source = Annotated[Text, AfterValidator(_check_source)]
# Of a data set as it was published; "all" where the test set is yet to be taken.
Part = Literal["train", "validation", "test", "all"]


class DataFile(StrictModel):
    """One file in ``data/raw``: its name without ``.gz``, and how many images or labels it holds.

    ``sha256`` is of the decompressed bytes: mirrors compress the same data differently.
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


class Known(StrictModel):
    """Published findings about mistakes in the data; the report shows them beside its own."""

    text: Label
    link: Address


class Dataset(StrictModel):
    """The description of a data set of any kind; ``name`` comes from the file's name."""

    name: Name
    title: Label
    licence: Label = "not stated"
    homepage: Address | None = None
    format: Name = "idx"  # a module of ``hemline.formats``
    classes: Annotated[list[Label], Field(min_length=2, max_length=65536)]  # the classes' names; label 0 is the first
    # height and width, and channels where there are any
    image_shape: Annotated[list[Count], Field(min_length=2, max_length=3)]
    pixels: Pixels = Pixels()  # their type and range
    sources: list[Source]  # where the files can be had, tried in this order
    known: list[Known] = Field(default_factory=list)  # published findings about duplicates and labels

    @model_validator(mode="after")
    def _check_classes(self) -> Self:
        _check_distinct("classes", self.classes)
        return self

    @property
    def counts(self) -> dict[Part, int]:
        """The number of images of each part: train and test, and validation where one is given; or all."""
        raise NotImplementedError

    @property
    def training_images(self) -> int:
        """The number of images that trainings and their validation share: those that are no test images."""
        raise NotImplementedError

    @property
    def digest(self) -> str:
        """A digest of everything that the data consists of, hexadecimal."""
        raise NotImplementedError


class IdxDataset(Dataset):
    """A data set of four IDX files of uint8."""

    format: Literal["idx"] = "idx"
    classes: Annotated[list[Label], Field(min_length=2, max_length=256)]
    files: Files

    @model_validator(mode="after")
    def _check_agreement(self) -> Self:
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

    @property
    def counts(self) -> dict[Part, int]:
        """See ``Dataset``."""
        return {"train": self.files.train_images.count, "test": self.files.test_images.count}

    @property
    def training_images(self) -> int:
        """See ``Dataset``."""
        return self.files.train_images.count

    @property
    def digest(self) -> str:
        """See ``Dataset``."""
        return hashlib.sha256("".join(file.sha256 for file in self.files.in_order()).encode()).hexdigest()

    def shape(self, file: DataFile) -> tuple[int, ...]:
        """Return the shape of the array that ``file`` holds: (n, h, w), (n, h, w, channels), or (n,) for labels."""
        return (file.count,) if isinstance(file, LabelsFile) else (file.count, *self.image_shape)

    def size(self, file: DataFile) -> int:
        """Return how many bytes ``file`` has when it is decompressed."""
        shape = self.shape(file)
        return 4 + 4 * len(shape) + math.prod(shape)


class SourceFile(StrictModel):
    """A file, or a folder of pictures, that a source holds."""

    # at a source, ``<location>/<name>``
    name: Annotated[Label, StringConstraints(pattern=r"^[^/\\]+$", max_length=255)]
    sha256: Sha256  # of its bytes as they are; of a folder, that of ``hemline.images.tree.digest``
    bytes: Annotated[int, Field(ge=1, lt=2**60)]  # its size; of a folder, of all its pictures together
    part: Part | None = None  # which part of the data set it holds, where its contents do not tell

    @model_validator(mode="after")
    def _check_name(self) -> Self:
        if self.name.startswith("."):
            raise ValueError(f"name: must not start with a dot, got {self.name!r}")
        return self


class Resize(StrictModel):
    """The resizing of pictures to ``image_shape``, by Pillow's resampling filter ``method``.

    Another aspect ratio is stretched, or the middle cropped, or padded with black.
    """

    method: Literal["nearest", "box", "bilinear", "hamming", "bicubic", "lanczos"] = "lanczos"
    fit: Literal["stretch", "crop", "pad"] = "stretch"


class Split(StrictModel):
    """The test set of data without one: a share of all images, stratified by class; groups stay together."""

    test: Annotated[float, Field(gt=0, lt=1)] = 0.2
    seed: Annotated[int, Field(ge=0, lt=2**32)] = 0


class CollectedDataset(Dataset):
    """Labelled images in a format of ``hemline.formats``, as `make describe` writes it."""

    # the labels as they stand in the data, in the order of ``classes``, where classes are called otherwise
    labels: list[Label] | None = None
    # by part, the number of images of each class, in order
    class_counts: Annotated[dict[Part, list[Annotated[int, Field(ge=0, lt=2**31)]]], Field(min_length=1)]
    files: Annotated[list[SourceFile], Field(min_length=1)]  # what the data consists of
    # what else the format needs to know; each format has its own
    options: dict[str, Any] = Field(default_factory=dict)
    resize: Resize | None = None  # how pictures of other sizes are treated; where there is none, they are refused
    split: Split | None = None  # how the test set is taken; where there is one, none

    @model_validator(mode="after")
    def _check_agreement(self) -> Self:
        _check_distinct("files", [file.name for file in self.files])
        if self.labels is not None:
            _check_distinct("labels", self.labels)
            if len(self.labels) != len(self.classes):
                raise ValueError(f"labels: must be one for each of {len(self.classes)} classes, got {self.labels}")
        for part, counts in self.class_counts.items():
            if len(counts) != len(self.classes):
                rule = f"must be one number for each of {len(self.classes)} classes"
                raise ValueError(f"class_counts.{part}: {rule}, got {counts}")
        self._check_parts()
        return self

    def _check_parts(self) -> None:
        parts = set(self.class_counts)
        if "all" in parts:
            if len(parts) > 1:
                raise ValueError(f"class_counts: must have `all` alone, or train and test, got {sorted(parts)}")
            if self.split is None:
                raise ValueError("split: is required where no test set is given, but missing; split: {test: 0.2}")
        elif not {"train", "test"} <= parts:
            raise ValueError(f"class_counts: must have `all`, or train and test, got {sorted(parts)}")
        elif self.split is not None:
            raise ValueError("split: a test set is given, so none can be taken; remove it")
        empty = sorted(part for part, counts in self.class_counts.items() if not sum(counts))
        if empty:
            raise ValueError(f"class_counts: must be images in every part, got none in {empty}")

    @property
    def counts(self) -> dict[Part, int]:
        """See ``Dataset``."""
        return {part: sum(counts) for part, counts in self.class_counts.items()}

    @property
    def training_images(self) -> int:
        """See ``Dataset``."""
        counts = self.counts
        if self.split is None:
            return counts["train"] + counts.get("validation", 0)
        return counts["all"] - math.ceil(self.split.test * counts["all"])

    @property
    def digest(self) -> str:
        """See ``Dataset``."""
        return hashlib.sha256("".join(file.sha256 for file in self.files).encode()).hexdigest()


def check_known(name: Any, folder: Path = Path("data")) -> None:
    """Refuse a name that no data set has, by an ``InputError`` with those that there are."""
    available = sorted(path.stem for path in folder.glob("*.yaml"))
    if name not in available:
        raise InputError(f"dataset: must be one of {available} (the files {folder}/<name>.yaml), got {name!r}")


def load_dataset(name: str, folder: Path = Path("data")) -> Dataset:
    """Read ``<folder>/<name>.yaml``; an ``InputError`` if there is none, or a description that breaks a rule."""
    check_known(name, folder)
    path = folder / f"{name}.yaml"
    return parse_dataset(name, read_yaml(path), path)


def parse_dataset(name: str, values: Any, source: Path) -> Dataset:
    """Validate a description as YAML gives it; ``source`` names it in the ``InputError`` for the first broken rule."""
    if not isinstance(values, dict):
        return parse(Dataset, values, source)
    model: type[Dataset] = IdxDataset if values.get("format", "idx") == "idx" else CollectedDataset
    return parse(model, values | {"name": name}, source)


def _check_distinct(key: str, names: list[str]) -> None:
    if len(set(names)) < len(names):
        raise ValueError(f"{key}: must differ from each other, got {names}")
