"""The account of every file at a path: used, and as what; or not used, and why."""

import posixpath
from collections import Counter
from typing import NamedTuple

from hemline.describe.find import Data
from hemline.images.tree import is_archive, is_passed_over, is_table, open_tree
from hemline.images.unread import kind_of


class Entry(NamedTuple):
    """Files of one ending in one folder that are used alike."""

    is_used: bool  # whether they are part of the data set
    use: str  # as what; or why not
    folder: str  # the first of their path, empty where they lie at the top
    ending: str  # of their names
    number: int  # how many they are


def account(data: Data) -> list[Entry]:
    """Return what becomes of every file; those that are used come first."""
    names, uses = _names(data), _uses(data)
    found: Counter[tuple[bool, str, str, str]] = Counter()
    for name in names:
        use = uses.get(name)
        is_used = use is not None and use.startswith(("image", "table"))
        top, slash, _ = name.partition("/")
        ending = "folder" if name.endswith("/") else posixpath.splitext(name)[1].lower() or "without ending"
        found[not is_used, use or _why_not(name), top if slash else "", ending] += 1
    return [
        Entry(not unused, use, folder, ending, count) for (unused, use, folder, ending), count in sorted(found.items())
    ]


def _names(data: Data) -> list[str]:
    is_tree = data.format in {"folder", "table", "webdataset"} and is_archive(data.path)
    if not (data.path.is_dir() or is_tree):
        return [data.path.name]
    tree = open_tree(data.path)
    return [*tree.files(), *tree.unseen]


def _uses(data: Data) -> dict[str, str]:
    uses = dict(data.found.aside)
    for file in data.found.files:
        name = file.path.relative_to(data.path).as_posix() if file.path != data.path else file.path.name
        uses[name] = f"images and labels{', ' + file.part if file.part else ''}"
    return uses | dict(data.source.uses())


def _why_not(name: str) -> str:
    if any(map(is_passed_over, name.split("/"))):
        return "hidden, or thumbnails"
    if name.endswith("/"):
        return "empty"
    if is_table(name):
        return "a table that says nothing of these images"
    kind = kind_of(name)
    return f"{kind.what} are not read" if kind else "no picture, table or array"
