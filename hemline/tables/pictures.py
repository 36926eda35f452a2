"""The picture of a folder that a table's text names: a path, a file's name, or one without its ending."""

import posixpath
from collections import defaultdict
from collections.abc import Callable, Iterable

from hemline.data.description import Part
from hemline.data.parts import part_in_path
from hemline.errors import InputError
from hemline.words import either


class Pictures:
    """The names of pictures, found by the end of their path."""

    def __init__(self, names: Iterable[str], folder: str | None = None) -> None:
        """Index them by their paths with slashes; where a ``folder`` is given, only those in it can be named."""
        self.names = {name for name in names if folder is None or name.startswith(f"{folder.rstrip('/')}/")}
        self._by_end: dict[str, list[str]] = defaultdict(list)
        for name in sorted(self.names):
            base = posixpath.basename(name)
            self._by_end[base].append(name)
            self._by_end[base.rpartition(".")[0] or base].append(name)

    def resolver(self, folder: str, part: Part | None) -> Callable[[str], str | None]:
        """Return a function from a table's text to a picture that it may name, or None; arguments as ``find``."""
        return lambda text: next(iter(self._candidates(folder, part, text)), None)

    def find(self, folder: str, part: Part | None, text: str) -> str | None:
        """Return the picture that a table's text names, None where it names none.

        Args:
            folder: that of the table.
            part: what the table is for: of pictures with the same name, one that lies in such a folder is meant.
            text: with slashes of any kind, from the table, from the top, or from any folder of another machine.

        Raises:
            InputError: several pictures may be meant.
        """
        found = self._candidates(folder, part, text)
        if len(found) > 1:
            which = either("folder", [posixpath.dirname(name) or "." for name in found[:2]])
            raise InputError(f"{text!r} may be {found[0]} or {found[1]}; say which: {which}")
        return found[0] if found else None

    def _candidates(self, folder: str, part: Part | None, text: str) -> list[str]:
        path = posixpath.normpath(text.strip().replace("\\", "/"))
        beside = posixpath.normpath(posixpath.join(folder, path.lstrip("/")))
        if beside in self.names:
            return [beside]
        found = self._by_end.get(posixpath.basename(path), [])
        return self._nearest(found, path, folder, part) if len(found) > 1 else found

    def _nearest(self, found: list[str], path: str, folder: str, part: Part | None) -> list[str]:
        longest = max(_shared_end(name, path) for name in found)
        found = [name for name in found if _shared_end(name, path) == longest]
        below = [name for name in found if name.startswith(f"{folder}/")] if folder else found
        named = [name for name in below or found if part and part_in_path(name.split("/")[:-1]) == part]
        return named or below or found


def _shared_end(name: str, path: str) -> int:
    """Count the folders that two paths share before their last names."""
    count = 0
    for left, right in zip(name.split("/")[-2::-1], path.split("/")[-2::-1], strict=False):
        if left != right:
            break
        count += 1
    return count
