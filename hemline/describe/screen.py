"""The output of `make describe`: one screen, for people."""

import shlex
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from hemline.data.description import Part
from hemline.describe.account import Entry
from hemline.describe.description import Described
from hemline.describe.find import Data
from hemline.describe.fit import Fit
from hemline.describe.survey import Survey
from hemline.words import listed

_IN_A_LINE = 12  # classes with their counts
_FOLDERS = 4  # that a line names
_MINUTE, _HOUR = 90, 5400  # seconds from which on the next unit is used


def overview(name: str, data: Data, seen: Survey, described: Described, fitting: Fit) -> list[str]:
    """Say what there is, and what becomes of it."""
    sets = {key: f"{len(chosen.indices):,}" for key, chosen in fitting.sets.items()}
    taken = " (taken from all of them)" if "all" in seen.parts else ""
    lines = [
        f"{name}: {seen.images:,} images of {len(seen.classes)} classes, format {data.format}",
        *(_part_line(part, seen) for part in seen.parts),
        f"  to train on: {sets['train']}, to validate: {sets['validation']}, to test: {sets['test']}{taken}",
        f"  images: {_form_line(described)}",
    ]
    if described.shape.resized:
        size = f"{described.shape.image_shape[0]} x {described.shape.image_shape[1]}"
        lines.append(f"  resized to {size}: {described.shape.reason}; --resize HEIGHTxWIDTH chooses another size")
    return lines


def account_lines(files: Sequence[Entry]) -> list[str]:
    """Say what every file is used as, or why it is not used: counts by ending and by folder."""
    lines = []
    for use in dict.fromkeys(entry.use for entry in files):
        entries = [entry for entry in files if entry.use == use]
        endings: Counter[str] = Counter()
        for entry in entries:
            endings[entry.ending] += entry.number
        folders = sorted({entry.folder for entry in entries})
        where = (
            ""
            if folders == [""]
            else f" in {listed(folders)}"
            if len(folders) <= _FOLDERS
            else f" in {len(folders)} folders"
        )
        counts = listed([f"{count:,} {ending}" for ending, count in endings.most_common()])
        lines.append(f"{'' if entries[0].is_used else 'not used: '}{counts}{where}: {use}")
    return lines


def as_json(
    data: Data, seen: Survey, described: Described, *, files: Sequence[Entry], found: Sequence[str], new: Sequence[Any]
) -> dict[str, Any]:
    """Return what is printed, for programs."""
    return {
        "name": described.values["title"],
        "format": data.format,
        "options": data.found.options,
        "read": data.found.told,
        "parts": {part: dict(zip(seen.classes, seen.class_counts(part).tolist(), strict=True)) for part in seen.parts},
        "images": {"shape": list(described.shape.image_shape), "pixels": described.pixels.model_dump()},
        "files": [entry._asdict() for entry in files],
        "warnings": list(found),
        "settings": dict(new),
    }


def found_lines(sentences: Sequence[str], images: int) -> list[str]:
    """Return what is worth knowing of the images."""
    if sentences:
        return ["Worth knowing:", *(f"  ! {sentence}" for sentence in sentences)]
    return [f"All {images:,} images can be read; no duplicate, constant image, rare class or other size among them."]


def settings_lines(changes: Sequence[tuple[str, Any]]) -> list[str]:
    """Return the changes as they stand in ``params.yaml``."""
    normalize = {key.partition(".")[2]: value for key, value in changes if key.startswith("normalize.")}
    lines = [f"  {key}: {value}" for key, value in changes if "." not in key]
    inside = ", ".join(f"{key}: {value}" for key, value in normalize.items())
    return [lines[0], f"  normalize: {{{inside}}}", *lines[1:]]


def command(changes: Sequence[tuple[str, Any]]) -> str:
    """Return the command that runs the pipeline with these settings."""
    return " ".join(["  dvc exp run", *(f"-S {shlex.quote(f'{key}={value}')}" for key, value in changes)])


def duration(seconds: float) -> str:
    """Say how long it takes, roughly."""
    if seconds >= _HOUR:
        return f"about {seconds / 3600:.0f} hours"
    return f"about {seconds / 60:.0f} minutes" if seconds >= _MINUTE else "about a minute"


def _part_line(part: Part, seen: Survey) -> str:
    counts = seen.class_counts(part)
    told: Mapping[str, int] = dict(zip(seen.classes, counts.tolist(), strict=True))
    if len(told) <= _IN_A_LINE:
        return f"  {part}: {', '.join(f'{name} ({count:,})' for name, count in told.items())}"
    order = sorted(told, key=lambda name: told[name])
    ends = [f"{name} ({told[name]:,})" for name in (order[0], order[-1])]
    return f"  {part}: {sum(told.values()):,}, from {listed(ends).replace(' and ', ' to ')}"


def _form_line(described: Described) -> str:
    height, width, *channels = described.shape.image_shape
    colours = {(): "grey", (3,): "colour"}.get(tuple(channels), f"{channels} channels")
    pixels = described.pixels
    return f"{height} x {width}, {colours}, {pixels.type}, pixels {pixels.lowest:g} to {pixels.highest:g}"
