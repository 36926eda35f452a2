"""Picture files in a folder for each class, with ``train``, ``test`` and ``validation`` above them or without.

The folder may be packed as zip or tar. A class's name is its folder's; folders inside belong to it. One folder that
holds everything else is passed over.
"""

import posixpath
import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated, NamedTuple
from unicodedata import normalize

from pydantic import AfterValidator

from hemline.data.description import Part
from hemline.data.labels import check_classes, encode, natural_key
from hemline.data.parts import part_of, settled
from hemline.errors import InputError
from hemline.formats.format import Format, Found, Image, Labels, Located, Source, decoded
from hemline.images.tree import Tree, is_archive, open_tree
from hemline.schema import StrictModel, is_printable


def _check_pattern(text: str) -> str:
    try:
        pattern = re.compile(text)
    except re.error as error:
        raise ValueError(f"must be a regular expression: {error}") from None
    if pattern.groups != 1:
        raise ValueError(
            f"must be a regular expression with one group in brackets, as in '^(.*)_'; it has {pattern.groups}"
        )
    return text


class FolderOptions(StrictModel):
    """How the files are read.

    Attributes:
        group: a regular expression with one group: files whose names have the same there show one object.
    """

    group: Annotated[str, AfterValidator(_check_pattern)] | None = None


class _Picture(NamedTuple):
    name: str
    label: str


class FolderSource(Source):
    """Pictures in class folders."""

    def __init__(self, path: Path, group: str | None) -> None:
        self._path = path
        self._tree = open_tree(path)
        self._parts = settled(_sorted_out(self._tree, path))
        self._group = group

    def parts(self) -> dict[Part, Labels]:
        """See ``Source``."""
        labels = {part: [picture.label for picture in pictures] for part, pictures in self._parts.items()}
        codes, values = encode(labels)
        try:
            check_classes(codes, values)
        except InputError as error:
            raise InputError(f"{self._path}: {error}") from None
        if self._group is None:
            return {part: Labels(each, values) for part, each in codes.items()}
        groups, _ = encode({part: self._groups(part, self._group) for part in self._parts})
        return {part: Labels(each, values, groups[part]) for part, each in codes.items()}

    def images(self, part: Part) -> Iterator[Image | InputError]:
        """See ``Source``."""
        contents = (self._tree.read_or_error(picture.name) for picture in self._parts[part])
        return decoded(contents, lambda index: self.name(part, index))

    def name(self, part: Part, index: int) -> str:
        """See ``Source``."""
        return str(self._path / self._parts[part][index].name)

    def _groups(self, part: Part, group: str) -> list[str]:
        pattern = re.compile(group)
        found = [pattern.search(picture.name.rpartition("/")[2]) for picture in self._parts[part]]
        for index, match in enumerate(found):
            if match is None or match[1] is None:
                raise InputError(f"{self.name(part, index)}: the option `group`, {group!r}, must match the file's name")
        return [match[1] for match in found if match]


class FolderFormat(Format):
    """See the module."""

    Options = FolderOptions

    def find(self, path: Path) -> Found | None:
        """See ``Format``."""
        if not path.is_dir() and not is_archive(path):
            return None
        tree = open_tree(path)
        if not tree.names():
            return None
        if tree.tables() and not _is_sorted(tree, path):
            return None  # a table may say what the pictures show
        _sorted_out(tree, path)
        return Found([Located(path)])

    def open(self, files: Sequence[Located], options: StrictModel) -> Source:
        """See ``Format``."""
        assert isinstance(options, FolderOptions)  # noqa: S101 - by `Options`
        if len(files) != 1:
            raise InputError(f"files: must be one folder, got {[file.path.name for file in files]}")
        return FolderSource(files[0].path, options.group)


def _is_sorted(tree: Tree, path: Path) -> bool:
    try:
        parts = _sorted_out(tree, path)
    except InputError:
        return False
    return len({picture.label for pictures in parts.values() for picture in pictures}) > 1


def _sorted_out(tree: Tree, path: Path) -> dict[Part, list[_Picture]]:
    """Return the pictures of each part, by class and then by name."""
    names = tree.names()
    if not names:
        raise InputError(
            f"{path}: must hold pictures (PNG, JPEG, WebP, TIFF, ...) in a folder for each class, got none"
        )
    top = _shared_levels(names)
    folders = Counter(name.split("/")[top] for name in names if name.count("/") > top)
    named = {folder: part for folder in folders if (part := part_of(folder))}
    if not named or (len(named) == 1 and len(folders) > 1):
        return {"train": _in_classes(names, top, path)}
    if len(named) < len(folders):
        rule = f"must hold nothing beside {sorted(named)}"
        raise InputError(f"{path}: {rule}, got {sorted(set(folders) - set(named))}; move it away")
    parts: dict[Part, list[str]] = defaultdict(list)
    for name in names:
        if name.count("/") > top:
            parts[named[name.split("/")[top]]].append(name)
        else:
            raise _lies_beside(name, path)
    return {part: _in_classes(each, top + 1, path) for part, each in parts.items()}


def _shared_levels(names: Sequence[str]) -> int:
    """Count the folders that hold everything, down to those of the parts or of the classes."""
    shared = posixpath.commonpath([posixpath.dirname(name) for name in names]).split("/")
    shared = [folder for folder in shared if folder]
    parts = next((level for level, folder in enumerate(shared) if part_of(folder)), len(shared))
    is_a_class = all(name.count("/") == len(shared) for name in names)
    return max(0, min(parts, len(shared) - is_a_class))


def _in_classes(names: Sequence[str], level: int, path: Path) -> list[_Picture]:
    pictures = []
    for name in names:
        folders = name.split("/")[level:-1]
        if not folders:
            raise _lies_beside(name, path)
        pictures.append(_Picture(name, _label(folders[0], path)))
    keys = {label: natural_key(label) for label in {picture.label for picture in pictures}}
    return sorted(pictures, key=lambda picture: (keys[picture.label], natural_key(picture.name)))


def _label(folder: str, path: Path) -> str:
    """Return a folder's name; Macs write accents apart from their letters."""
    if not is_printable(folder):
        raise InputError(f"{path}: a class folder's name must be printable characters, got {folder!r}; rename it")
    return normalize("NFC", folder)


def _lies_beside(name: str, path: Path) -> InputError:
    rule = "every picture must lie in the folder of its class"
    return InputError(f"{path / name}: {rule}, as in {path.name}/cat/1.png; move it there, or away")


FORMAT = FolderFormat()
