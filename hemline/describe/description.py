"""The keys of a description, from a survey of a user's images."""

from typing import Any, NamedTuple

from hemline.data.description import Split
from hemline.data.pixels import Pixels
from hemline.describe.files import Advance, idx_files, source_files, sources
from hemline.describe.find import Data
from hemline.describe.form import Suggested, Wanted, suggest_pixels, suggest_shape
from hemline.describe.survey import Survey
from hemline.errors import InputError


class Described(NamedTuple):
    """The form that the images get."""

    shape: Suggested  # their shape, and why
    pixels: Pixels  # their type and range
    values: dict[str, Any]  # the keys of ``data/<name>.yaml``


def describe_images(
    name: str, data: Data, seen: Survey, *, wanted: Wanted, split: Split | None, advance: Advance
) -> Described:
    """Return the keys of the description; files are read once more, for their checksums.

    ``advance`` is called with the bytes that have been read since the last time. Images or files that no description
    can hold are an ``InputError``.
    """
    shape, pixels = suggest_shape(seen, wanted), suggest_pixels(seen)
    values: dict[str, Any] = {
        "title": name,
        "format": data.format,
        "classes": seen.classes,
        "image_shape": list(shape.image_shape),
        "pixels": pixels.model_dump() | {key: _plain(getattr(pixels, key)) for key in ("lowest", "highest")},
        "sources": sources(data),
    }
    if data.format == "idx":
        if shape.resized or len(seen.shapes) > 1 or tuple(shape.image_shape) != next(iter(seen.shapes)):
            raise InputError("--resize, --grey, --colour: IDX files are read as they are; leave these options out")
        return Described(shape, pixels, values | {"files": idx_files(data)})
    if data.found.options:
        values["options"] = dict(data.found.options)
    values["labels"] = seen.classes
    if shape.resized:
        values["resize"] = {"method": "lanczos", "fit": "stretch"}
    if split is not None:
        values["split"] = split.model_dump()
    values["class_counts"] = {part: seen.class_counts(part).tolist() for part in seen.parts}
    values["files"] = source_files(data, advance)
    return Described(shape, pixels, values)


def _plain(value: float) -> float | int:
    return int(value) if float(value).is_integer() else value
