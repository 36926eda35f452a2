"""Picture files in a folder for each class, with ``train``, ``test`` and ``validation`` above them or without.

The folder may be packed as zip or tar. A class's name is its folder's; folders inside belong to it. Which folders are
parts, and which name the class, ``hemline.images.class_folders`` finds out; the options say it.
"""

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated, NamedTuple

from pydantic import AfterValidator, Field

from hemline.data.description import Part
from hemline.data.labels import Case, Labels, labelled, natural_key
from hemline.data.parts import parts_in, settled, told_of
from hemline.errors import InputError, reading
from hemline.formats.format import Format, Found, Image, Located, Source, decoded, only_folder
from hemline.images.class_folders import find_layout
from hemline.images.names import without_aside
from hemline.images.tree import is_archive, open_tree
from hemline.images.unread import lost_pictures
from hemline.schema import Count, StrictModel, is_printable
from hemline.words import option, word_set

_MAY_SAY_LABELS = word_set("txt json mat xml xlsx xls ods sqlite db pkl dat data rds cls")


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


Pattern = Annotated[str, AfterValidator(_check_pattern)]


class FolderOptions(StrictModel):
    """Options for reading folders of pictures."""

    # a regular expression with one group: files whose names, or paths if it has a slash, have the same there show one
    # object
    group: Pattern | None = None
    label: Pattern | None = None  # another one, of the class in files' names, where no folder names it
    # which folder, counted from the top, names the class; None: the first below that of the part
    level: Count | None = None
    parts: dict[Part, list[str]] | None = None  # by part, the folders that hold it
    aside: list[str] = Field(default_factory=list)  # files and folders that are left out, as `preview`, `*.gif`
    case: Case | None = None  # whether classes that differ in letter case only are the same


class _Picture(NamedTuple):
    name: str
    label: str


class FolderSource(Source):
    """Pictures in class folders."""

    def __init__(self, path: Path, options: FolderOptions) -> None:
        self._path = path
        self._tree = open_tree(path)
        names, self._aside = without_aside(self._tree.names(), options.aside)
        parts, aside = _pictures(
            names, options if options.parts or options.level or options.label else _found(names, path, options)[0], path
        )
        keys = {picture.label: natural_key(picture.label) for pictures in parts.values() for picture in pictures}
        for pictures in parts.values():
            pictures.sort(key=lambda picture: (keys[picture.label], natural_key(picture.name)))
        self._parts, self._aside = settled(parts), self._aside | aside
        self._options = options

    def parts(self) -> dict[Part, Labels]:
        """See ``Source``."""
        labels = {part: [picture.label for picture in pictures] for part, pictures in self._parts.items()}
        groups = {part: self._groups(part, pattern) for part in self._parts} if (pattern := self._options.group) else {}
        with reading(self._path):
            return labelled(labels, groups, case=self._options.case)

    def images(self, part: Part) -> Iterator[Image | InputError]:
        """See ``Source``."""
        contents = (self._tree.read_or_error(picture.name) for picture in self._parts[part])
        return decoded(contents, lambda index: self.name(part, index))

    def name(self, part: Part, index: int) -> str:
        """See ``Source``."""
        return str(self._path / self._parts[part][index].name)

    def uses(self) -> Iterator[tuple[str, str]]:
        """See ``Source``."""
        for part, pictures in self._parts.items():
            yield from ((picture.name, f"image, {part}") for picture in pictures)
        yield from self._aside.items()

    def _groups(self, part: Part, group: str) -> list[str]:
        pattern = re.compile(group)
        names = (picture.name for picture in self._parts[part])
        found = [
            pattern.search(name if "/" in group.replace("[^/]", "") else name.rpartition("/")[2]) for name in names
        ]
        for index, match in enumerate(found):
            if match is None or match[1] is None:
                raise InputError(f"{self.name(part, index)}: the option `group`, {group!r}, must match the file's name")
        return [match[1] for match in found if match]


class FolderFormat(Format):
    """See the module."""

    Options = FolderOptions

    def find(self, path: Path, options: FolderOptions) -> Found | None:
        """See ``Format``."""
        if not path.is_dir() and not is_archive(path):
            return None
        tree = open_tree(path)
        names, _ = without_aside(tree.names(), options.aside)
        if not names:
            return None
        if lost := lost_pictures(without_aside(tree.unseen, options.aside)[0]):
            raise InputError(f"{path}: {lost}")
        try:
            chosen, told = _found(names, path, options)
            _pictures(names, chosen, path)
        except InputError as error:
            if text := next((name for name in tree.unseen if _may_say_labels(name)), None):
                remedy = "make a CSV of it, with the header file_name,label, beside the pictures"
                raise InputError(f"{error}; or, if {text} says what the pictures show, {remedy}") from None
            raise
        has_test = {"test", "validation"} & {*(chosen.parts or {})}
        lists = [] if has_test else [n for n in tree.unseen if n.endswith((".txt", ".json")) and _is_list(n)]
        if lists:
            rule = f"{lists[0]} may say which pictures are for training and which for the test, and is not read"
            told = [f"{rule}: make a CSV with the header file_name,label,split of it.", *told]
        return Found([Located(path)], chosen.model_dump(exclude_defaults=True), told)

    def open(self, files: Sequence[Located], options: FolderOptions) -> Source:
        """See ``Format``."""
        return FolderSource(only_folder(files), options)


def _may_say_labels(name: str) -> bool:
    """Say whether a list that is not read may have the labels; what a package says of itself does not."""
    stem, _, ending = name.rpartition("/")[2].lower().rpartition(".")
    is_bare = not stem and re.search("meta|label|annot", ending)  # without ending
    return bool(is_bare or ending in _MAY_SAY_LABELS) and not stem.startswith(
        ("readme", "license", "licence", "requirements")
    )


def _is_list(name: str) -> bool:
    stem = name.rpartition("/")[2].partition(".")[0]
    return bool(parts_in(stem)) or "split" in stem.lower()


def _found(names: Sequence[str], path: Path, options: FolderOptions) -> tuple[FolderOptions, list[str]]:
    """Return the options that say how all pictures are read, as far as the user did not; and what was not taken."""
    if not names:
        raise InputError(
            f"{path}: must hold pictures (PNG, JPEG, WebP, TIFF, ...) in a folder for each class, got none"
        )
    if options.parts or options.label:
        return options, []
    with reading(path):
        layout = find_layout(names, options.level or 0)
    said = layout.options()
    if layout.level == 1 and not (layout.aside or layout.parts):
        said = {}  # a folder for each class, and nothing else
    aside = [*options.aside, *said.pop("aside", [])]
    given = options.model_dump(exclude_defaults=True) | said
    told = [f"{name}: {reason}." for name, reason in layout.aside.items()]
    chosen = FolderOptions(**(given | ({"aside": aside} if aside else {})))
    return chosen, [*layout.told, *told_of(layout.parts), *told]


def _pictures(
    names: Sequence[str], options: FolderOptions, path: Path
) -> tuple[dict[Part, list[_Picture]], dict[str, str]]:
    """Return the pictures of each part; and those of none, with the reason."""
    kept, aside = without_aside(names, options.aside)
    folders = {folder.strip("/"): part for part, each in (options.parts or {"train": ["."]}).items() for folder in each}
    parts: dict[Part, list[_Picture]] = {part: [] for part in options.parts or {"train": []}}
    for name in kept:
        above = name.split("/")[:-1]
        inside = next((each for n in range(len(above), 0, -1) if (each := "/".join(above[:n])) in folders), ".")
        if inside not in folders:
            aside[name] = "in no folder of a part"
            continue
        below = above[options.level - 1 :] if options.level else above[0 if inside == "." else inside.count("/") + 1 :]
        parts[folders[inside]].append(_Picture(name, _label_of(name, below, options, path)))
    for part, folder in ((part, folder) for folder, part in folders.items() if not parts[part]):
        raise InputError(f"{path}: options.parts.{part}: must hold pictures, got none in {folder!r}")
    return parts, aside


def _label_of(name: str, folders: Sequence[str], options: FolderOptions, path: Path) -> str:
    if options.label is not None:
        match = re.search(options.label, name.rpartition("/")[2])
        if match is None or not match[1]:
            raise InputError(f"{path / name}: the option `label`, {options.label!r}, must match the file's name")
        return _label(match[1], path)
    if not folders:
        rule = f"every picture must lie in the folder of its class, as in {path.name}/cat/1.png"
        raise InputError(f"{path / name}: {rule}; move it there, or leave it out: {option('aside', [name])}")
    return _label(folders[0], path)


def _label(folder: str, path: Path) -> str:
    """Return a folder's name; one that is not printable is an ``InputError``."""
    if not is_printable(folder):
        raise InputError(f"{path}: a class folder's name must be printable characters, got {folder!r}; rename it")
    return folder


FORMAT = FolderFormat()
