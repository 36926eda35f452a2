"""WebDataset's shards: tar files in which `0001.png` and `0001.cls`, or `0001.json`, are an image and its label.

The names of the shards say what is for training and what is for testing.
"""

import json
import tarfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from hemline.data.description import Part
from hemline.data.labels import Labels, labelled, natural_key
from hemline.data.parts import part_in, settled
from hemline.errors import InputError
from hemline.formats.format import Format, Found, Image, Located, Source, decoded, in_one_folder
from hemline.images.tree import is_picture
from hemline.schema import StrictModel

_LABELS = ("label", "cls", "class")
_MOST = 2**16  # bytes of a label


class _Sample(NamedTuple):
    path: Path
    name: str
    offset: int
    size: int
    label: str


class ShardSource(Source):
    """Pictures in tar files, read where they lie."""

    def __init__(self, parts: dict[Part, list[_Sample]]) -> None:
        self._parts = settled(parts)

    def parts(self) -> dict[Part, Labels]:
        """See ``Source``."""
        return labelled({part: [sample.label for sample in each] for part, each in self._parts.items()})

    def images(self, part: Part) -> Iterator[Image | InputError]:
        """See ``Source``."""
        return decoded(map(_content, self._parts[part]), lambda index: self.name(part, index))

    def name(self, part: Part, index: int) -> str:
        """See ``Source``."""
        sample = self._parts[part][index]
        return f"{sample.path}: {sample.name}"


class WebDataset(Format):
    """Finds and opens the shards."""

    def find(self, path: Path, options: StrictModel) -> Found | None:  # noqa: ARG002 - there are none
        """See ``Format``."""
        files = sorted(path.glob("*.tar"), key=lambda file: natural_key(file.name)) if path.is_dir() else [path]
        deeper = sorted(path.glob("*/*.tar")) if not files else []
        if deeper and _samples(deeper[0]):
            raise in_one_folder(path, deeper[0])
        if not files or not all(file.suffix == ".tar" and _samples(file) for file in files):
            return None
        return Found([Located(file, part_in(file.stem)) for file in files], told=["Labels: the files .cls or .json."])

    def open(self, files: Sequence[Located], options: StrictModel) -> Source:  # noqa: ARG002 - there are none
        """See ``Format``."""
        parts: dict[Part, list[_Sample]] = {}
        for path, part in files:
            parts.setdefault(part or part_in(path.stem) or "all", []).extend(_samples(path))
        if "all" in parts and len(parts) > 1:
            raise InputError(f"{parts['all'][0].path}: the name must say train, test or validation, as others do")
        return ShardSource(parts)


def _content(sample: _Sample) -> bytes:
    with sample.path.open("rb") as file:
        file.seek(sample.offset)
        return file.read(sample.size)


def _samples(path: Path) -> list[_Sample]:
    """Return the pictures of a shard that have a label; none if it is no shard.

    Raises:
        InputError: a sample has no label, or several pictures, of which one would silently replace the others.
    """
    pictures: dict[str, tuple[str, int, int]] = {}
    labels: dict[str, str] = {}
    try:
        with tarfile.open(path, "r:") as tar:
            for member in tar:
                key, ending = _key_and_ending(member.name)
                if ending in {"cls", "json"} and member.size < _MOST and (file := tar.extractfile(member)):
                    labels[key] = _label(file.read(), ending)
                elif key and is_picture(member.name, lambda: b""):
                    if key in pictures:
                        raise _several(path, pictures[key][0], member.name)
                    pictures[key] = member.name, member.offset_data, member.size
    except InputError:
        raise
    except (tarfile.TarError, OSError, ValueError):
        return []
    missing = sorted(pictures.keys() - {key for key, label in labels.items() if label})
    if missing and labels:
        raise InputError(f"{path}: {pictures[missing[0]][0]}: must have a label beside it, as in {missing[0]}.cls")
    return [_Sample(path, *pictures[key], labels[key]) for key in pictures if key in labels]


def _key_and_ending(name: str) -> tuple[str, str]:
    """Split a name at the first dot after its folder, as WebDataset does; the key of a hidden file is empty."""
    folder, slash, file = name.rpartition("/")
    stem, _, ending = file.partition(".")
    return (f"{folder}{slash}{stem}" if stem else "", ending)


def _several(path: Path, first: str, second: str) -> InputError:
    rule = f"a sample must have one picture, got {first} and {second}"
    return InputError(f"{path}: {rule}; write shards with those of one ending, or with names of their own")


def _label(content: bytes, ending: str) -> str:
    text = content.decode("utf-8", "replace").strip()
    if ending == "cls":
        return text
    held = json.loads(text)
    return next((str(held[key]) for key in _LABELS if isinstance(held, dict) and key in held), "")


FORMAT = WebDataset()
