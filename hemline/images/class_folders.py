"""The names of pictures in folders -> which folder names the class, and which the part: by structure, then by words.

Folders of parts have the same class folders inside; one without class folders among them has no labels. Words of a name
(`training_set`, `test1`, `seg_train`) say which part it is. Where two readings are plausible, both are named, each with
the option that chooses it.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from typing import Any, NamedTuple, NoReturn

from hemline.data.description import Part
from hemline.data.parts import part_in, words_of
from hemline.errors import InputError
from hemline.images.names import BY_NAME, PICTURE_FOLDERS, are_generic, class_prefixes, is_generic
from hemline.words import first_listed, option

# Words of what a class of all the rest is called.
_NO_OBJECTS = {"background", "clutter", "unknown", "junk", "unlabeled", "unlabelled"}
_TOGETHER = option("group", "([^/]+)/[^/]+$")  # what takes the folder of a picture as its group
_FEW = 5  # pictures that an option names one by one


@dataclass
class Layout:
    """The reading of folders: the options of ``hemline.formats.folder``, and the reported findings."""

    # by part, the folders that hold it; empty: all is one part
    parts: dict[Part, list[str]] = field(default_factory=dict)
    level: int = 0  # which folder, counted from the top, names the class; 0: the first below the part's
    aside: dict[str, str] = field(default_factory=dict)  # patterns of what is left out, with the reason
    label: str | None = None  # a regular expression with one group, of file names that say the class
    told: list[str] = field(default_factory=list)  # what was not taken, in sentences

    def options(self) -> dict[str, Any]:
        """Return the options that say so."""
        found = {"parts": self.parts, "level": self.level, "aside": list(self.aside), "label": self.label}
        return {key: value for key, value in found.items() if value}


class Folder:
    """A folder of pictures: how many lie in it, and the folders in it."""

    def __init__(self) -> None:
        self.pictures: list[str] = []
        self.inside: dict[str, Folder] = {}


class _Children(NamedTuple):
    """The folders at one level: what lies above them, and the part that each one's name tells."""

    above: list[str]
    folder: Folder
    named: dict[str, Part]

    def path(self, *names: str) -> str:
        return "/".join([*self.above, *names])


def find_layout(names: Sequence[str], level: int = 0) -> Layout:
    """Find out how folders of pictures are to be read, given their paths with slashes, at least one.

    An option ``level`` other than 0 says which folder, counted from the top, names the class. What cannot be read so,
    or in two plausible ways, is an ``InputError`` with the options that choose.
    """
    top = Folder()
    for name in names:
        folder = top
        for each in name.split("/")[:-1]:
            folder = folder.inside.setdefault(each, Folder())
        folder.pictures.append(name)
    above: list[str] = []
    folder = top
    while not folder.pictures and len(folder.inside) == 1:
        ((name, only),) = folder.inside.items()
        above.append(name)
        folder = only
    at = _Children(above, folder, {name: part for name in folder.inside if (part := part_in(name))})
    if not folder.inside:
        return _by_file_names(at, names)
    parts = _below_classes(at, level) or (_with_parts(at, level) if level != len(above) + 1 else None)
    layout = parts or (Layout(level=level) if level else _classes(at))
    if layout is None:
        return _by_file_names(at, names)
    if folder.pictures and layout.level:
        loose = folder.pictures[0]
        rule = "every picture must lie in the folder of its class, as in cat/1.png"
        endings = sorted(
            {f"{loose.rpartition('/')[0]}/*.{each.rpartition('.')[2]}".lstrip("/") for each in folder.pictures}
        )
        out = option("aside", folder.pictures if len(folder.pictures) <= _FEW else endings)
        _stop(f"{loose}: {rule}; {out} leaves out the {len(folder.pictures):,} that do not")
    for loose in folder.pictures:
        layout.aside[loose] = "beside the folders of the parts"
    return layout


def _below_classes(at: _Children, level: int) -> Layout | None:
    """Read cat/train/1.png, cat/test/2.png."""
    inside = [folder.inside for folder in at.folder.inside.values()]
    parts = {part_in(name) for each in inside for name in each}
    if at.named or not all(inside) or None in parts or "train" not in parts or len(parts) == 1:
        return None
    if not level and any(deeper.inside for each in inside for deeper in each.values()):
        example = at.path(*next((name, part) for name, each in at.folder.inside.items() for part in each.inside))
        _stop(
            f"{example}: there are class folders below train and test, and several folders above: describe one of "
            f"{_shown(at.folder.inside)} alone, or say what names the class: {_level(at, 1)} or {_level(at, 3)}"
        )
    layout = Layout(level=level or len(at.above) + 1)
    for name, folder in at.folder.inside.items():
        for each in folder.inside:
            part = part_in(each)
            assert part is not None  # noqa: S101 - None is not among them
            layout.parts.setdefault(part, []).append(at.path(name, each))
    return layout


def _with_parts(at: _Children, level: int) -> Layout | None:
    """Read train/cat/1.png, test/cat/2.png, however the parts are called; and cat/1.png beside test/cat/2.png."""
    below = {name: _sole(name, folder) for name, folder in at.folder.inside.items()}
    inside = {name: folder for name, (_, folder) in below.items()}
    parts = {name: part for name, part in at.named.items() if inside[name].inside}
    others = [name for name in inside if name not in at.named]
    if not parts:
        return None
    classes = {name for each in parts for name in inside[each].inside}
    if "train" not in parts.values():
        return _without_train(at, parts, others, classes)
    layout = Layout(level=level)
    for other in others:
        if common := set(inside[other].inside) & classes:
            _stop(
                f"{at.path(other)}: has class folders ({_shown(common)}) as {_shown(parts)} have, and its name tells "
                f"no part: {_without(at, [other])} leaves it out; {_parts_remedy(at, parts, other)} takes it"
            )
        layout.aside[at.path(other)] = "beside the folders of the parts, and without their class folders"
    for name in set(at.named) - set(parts):
        layout.aside[at.path(name)] = "no class folders inside, so the labels are not known"
    known = {name for each in parts if parts[each] == "train" for name in inside[each].inside}
    for name in [each for each in parts if len(inside[each].inside) == 1 and known.isdisjoint(inside[each].inside)]:
        (only,) = inside[name].inside  # as loaders need one: test/unknown/1.png
        layout.aside[at.path(name)] = f"its folder {only} is no class of the training images: the labels are not known"
        del parts[name]
    for part in dict.fromkeys(parts.values()):
        same = _same_part(at, part, [name for name in parts if parts[name] == part])
        layout.parts[part] = [at.path(below[name][0]) for name in same]
    if not level:
        for name in parts:
            layout.told.extend(_check_level(_Children([*at.above, *below[name][0].split("/")], inside[name], {})))
    return layout


def _without_train(at: _Children, parts: dict[str, Part], others: Sequence[str], classes: set[str]) -> Layout | None:
    """Read cat/1.png, dog/1.png, test/cat/2.png."""
    if len(classes & set(others)) > 1 or classes == set(others):
        layout = Layout(parts={"train": [at.path() or "."]})
        layout.parts.update({part: [at.path(name)] for name, part in parts.items()})
        return layout
    if not others:
        _stop(f"{at.path(next(iter(parts)))}: there must be images to train on, got folders of {_shown(parts)} only")
    return None  # test_tube/ and bottle/, with folders inside


def _same_part(at: _Children, part: Part, names: list[str]) -> list[str]:
    """Refuse `train` and `train_augmented`; `train_1` and `train_2` are both of a part."""
    plain = {"".join(word for word in words_of(name) if not word.isdigit()) for name in names}
    if len(plain) > 1:
        each = " or ".join(f"{_without(at, [name])} leaves out {name}" for name in names)
        both = option("parts", f"{{{part}: [{', '.join(map(at.path, names))}], ...}}")
        _stop(f"{_shown(names)}: both are for {part}; {each}; {both} takes both")
    return names


def _sole(name: str, folder: Folder) -> tuple[str, Folder]:
    """Return the last of some folders, each of which holds the next alone, as seg_train/seg_train."""
    while len(folder.inside) == 1 and not folder.pictures:
        ((only, inside),) = folder.inside.items()
        if not inside.inside and not is_generic(only):
            break
        name, folder = f"{name}/{only}", inside
    return name, folder


def _classes(at: _Children) -> Layout | None:
    """Read cat/1.png, dog/1.png; or refuse, where these may be parts or families of classes; None: they name none."""
    inside = at.folder.inside
    layout = Layout(level=len(at.above) + 1)
    if are_generic(inside):
        if not any(_sole(name, folder)[1].inside for name, folder in inside.items()):
            return None
    else:
        _refuse_pictures_beside(at)
        _set_test_aside(at, layout)
    for name, folder in inside.items():
        if len(inside) > 2 and len(others := set(inside) - {name}) == len(others & set(folder.inside)):  # noqa: PLR2004
            layout.aside[at.path(name)] = "holds the class folders beside it once more"
            return layout
    layout.told.extend(_check_level(at))
    layout.told.extend(
        f"{at.path(name)} is a class like the others; {_without(at, [name])} leaves it out."
        for name in inside
        if not _NO_OBJECTS.isdisjoint(words_of(name))
    )
    return layout


def _refuse_pictures_beside(at: _Children) -> None:
    """Refuse a folder `images` as a class among others."""
    pictures = [name for name in at.folder.inside if name.lower() in PICTURE_FOLDERS]
    if pictures:
        others = [name for name in at.folder.inside if name not in pictures]
        _stop(
            f"{at.path(pictures[0])}: names no class, and lies beside {_shown(map(at.path, others))}: "
            f"{_without(at, others)} leaves them out; {_level(at, 1)} takes all as classes"
        )


def _check_level(at: _Children) -> list[str]:
    """Refuse folders that may be parts, or families of classes; return what is not taken as a class."""
    inside = at.folder.inside
    below = {name: set(folder.inside) for name, folder in inside.items() if folder.inside}
    for (first, left), (second, right) in combinations(below.items(), 2):
        if len(left & right) > 1:
            _stop_same(at, [first, second], left & right)
    first = next((name for name, each in below.items() if len(each) > 1), "")
    if sum(len(each) > 1 for each in below.values()) > 1 and not any(folder.pictures for folder in inside.values()):
        _stop(
            f"{at.path(first)}: has folders inside ({_shown(below[first])}), as others have: {_level(at, 1)} takes "
            f"{_shown(inside)} as the classes (with {_TOGETHER}, a split keeps each folder inside together), "
            f"{_level(at, 2)} the folders inside"
        )
    if not below:
        return []
    first = next(iter(below))
    belong = f"Folders inside a class belong to it, as {at.path(first, next(iter(below[first])))} does"
    return [f"{belong}; if each is of one object, {_TOGETHER} keeps its pictures together."]


def _set_test_aside(at: _Children, layout: Layout) -> None:
    """Take a folder `test` beside class folders for pictures without labels; a lone `train` is a vehicle."""
    has_others = len(at.folder.inside) - len(at.named) > 1
    if {"train"} < {*at.named.values()} or (has_others and "validation" in at.named.values()):
        beside = _shown(set(at.folder.inside) - {*at.named})
        _stop(
            f"{_shown(at.named)}: have no class folders inside, and lie beside {beside}: {_without(at, at.named)} "
            f"leaves them out, {_level(at, 1)} takes each as a class"
        )
    for name in at.named if has_others else ():
        if name.lower() in {"test", "testing"}:
            layout.aside[at.path(name)] = "no class folders inside, so the labels are not known"
            layout.told.append(f"{name} is not taken as a class; {_level(at, 1)} does that.")


def _stop_same(at: _Children, names: Sequence[str], common: set[str]) -> NoReturn:
    inside, parts = at.folder.inside, _parts_remedy(at, {names[0]: "train", names[1]: "test"})
    alone = _without(at, [name for name in inside if name != names[0]])
    _stop(
        f"{_shown(names)}: have the same folders inside ({_shown(common)}). Are these the classes? {_level(at, 2)}. Or "
        f"{_shown(inside)}? {_level(at, 1)}. One of these alone: {alone}. If they are parts: {parts}"
    )


def _by_file_names(at: _Children, names: Sequence[str]) -> Layout:
    """Read cat.1.jpg, dog.1.jpg: the part may be said by a folder, whose pictures have no such names if unlabelled."""
    aside: dict[str, str] = {}
    labelled: dict[str, list[str]] = {}
    for folder in sorted({name.rpartition("/")[0] for name in names}):
        found = class_prefixes([name.rpartition("/")[2] for name in names if name.rpartition("/")[0] == folder])
        if len(found) > 1:
            labelled[folder] = sorted(found)
        else:
            aside[folder or "."] = "no class folders inside, and no classes in the names of the files"
    if not labelled:
        raise _no_classes(at, names)
    parts = {folder: part_in(folder.rpartition("/")[2]) or "train" for folder in labelled}
    layout = Layout(label=BY_NAME, aside=aside)
    for folder, part in parts.items():
        layout.parts.setdefault(part, []).append(folder or ".")
    if set(layout.parts) == {"train"}:
        layout.parts = {}
    classes = next(iter(labelled.values()))
    layout.told.append(f"The classes stand in the names of the files: {first_listed(classes)}; no folder names them.")
    return layout


def _no_classes(at: _Children, names: Sequence[str]) -> InputError:
    example = names[0].rpartition("/")[2]
    got = f"folders {_shown(at.folder.inside)}" if at.folder.inside else at.path()
    named = f", got {got} alone" if got else ""
    level = f"; if the folders are the classes, {_level(at, 1)}" if at.folder.inside else ""
    return InputError(
        f"there must be a folder for each class, or a table that names the pictures{named}. If their names say the "
        f"class, as {example!r} does, say where: {option('label', '^(.*?)_')}{level}"
    )


def _level(at: _Children, below: int) -> str:
    return option("level", len(at.above) + below)


def _without(at: _Children, names: Iterable[str]) -> str:
    """Return the option that leaves some of the folders out."""
    return option("aside", [at.path(name) for name in names])


def _parts_remedy(at: _Children, parts: dict[str, Part], also: str | None = None) -> str:
    said: dict[str, list[str]] = {}
    for name, part in parts.items():
        said.setdefault(part, []).append(at.path(name))
    if also:
        said["train"].append(at.path(also))
    return option("parts", said)


def _shown(names: Iterable[str]) -> str:
    return first_listed(sorted(names))


def _stop(text: str) -> NoReturn:
    raise InputError(text)
