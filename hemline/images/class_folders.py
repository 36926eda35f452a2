"""The names of pictures in folders -> which folder names the class, and which the part: by structure, then by words.

Folders of parts have the same class folders inside; one without class folders among them has no labels. Words of a name
(`training_set`, `test1`, `seg_train`) say which part it is. Where two readings are plausible, both are named, each with
the option that chooses it.
"""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatch
from itertools import combinations
from typing import Any, NamedTuple, NoReturn

from hemline.data.description import Part
from hemline.data.parts import part_in, parts_in, words_of
from hemline.errors import InputError
from hemline.words import listed

# What folders are called that divide pictures and name no class.
_GENERIC = frozenset(
    re.findall(
        r"\S+",
        "image images img imgs picture pictures photo photos part parts batch folder dir data dataset files set chunk "
        "shard jpg jpeg png",
    )
)
_PICTURE_FOLDERS = frozenset({"image", "images", "img", "imgs", "original", "originals", "rgb"})
_MASK_FOLDERS = frozenset(
    re.findall(
        r"\S+",
        "mask masks segmentation segmentations gt groundtruth ground_truth annotation annotations trimap trimaps",
    )
)
_MASK = re.compile(r"(.+?)[ _-](mask|masks|seg|segmentation|gt)([ _-]?[0-9]+)?", re.IGNORECASE)
# Words that cameras and programs begin file names with.
_CAMERAS = _GENERIC | {*re.findall(r"\S+", "dsc dscn dscf pic frame file scan sample example train test val")}
_ENDS = re.compile("/|$").finditer  # of the folders of a path
BY_NAME = r"^(.*?)[ ._-]*[0-9]+\.[^.]*$"
_FEW = 5


@dataclass
class Layout:
    """How folders are read: the options of ``hemline.formats.folder``, and the reported findings."""

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


def without_aside(names: Sequence[str], aside: Sequence[str]) -> tuple[list[str], dict[str, str]]:
    """Return the pictures that are not left out, and the others with the reason.

    Masks that lie beside their pictures, as `1_mask.png` or in a folder `masks` beside `images`, are left out always.

    Args:
        names: of pictures.
        aside: patterns as `cat/*`, `*.gif`, or folders.
    """
    stems = {name.rpartition(".")[0] for name in names}
    beside = _mask_folders(names)
    kept, out = [], {}
    for name in names:
        folders, _, file = name.rpartition("/")
        match = _MASK.fullmatch(file.rpartition(".")[0])
        if any(fnmatch(name, each) or name == each or name.startswith(f"{each.rstrip('/')}/") for each in aside):
            out[name] = "left out by the option `aside`"
        elif match and f"{folders}/{match[1]}".lstrip("/") in stems:
            out[name] = "a mask beside its picture"
        elif beside and any(name[: at.start()] in beside for at in re.finditer("/", name)):
            out[name] = "in a folder of masks beside one of pictures"
        else:
            kept.append(name)
    return kept, out


def _mask_folders(names: Sequence[str]) -> set[str]:
    folders = {folder[: at.start()] for folder in {name.rpartition("/")[0] for name in names} for at in _ENDS(folder)}
    placed = [each.rpartition("/")[::2] for each in folders]
    pictures = {above for above, name in placed if name.lower() in _PICTURE_FOLDERS}
    return {
        f"{above}/{name}".lstrip("/") for above, name in placed if name.lower() in _MASK_FOLDERS and above in pictures
    }


def find_layout(names: Sequence[str], level: int = 0) -> Layout:
    """Find out how folders of pictures are to be read.

    Args:
        names: paths with slashes, at least one.
        level: which folder, counted from the top, names the class; 0: that is to be found out.

    Raises:
        InputError: they cannot be, or two readings are plausible; with the options that choose.
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
        _stop(f"{loose}: {rule}; {_take_out(folder.pictures)} leaves out the {len(folder.pictures):,} that do not")
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
                f"no part: `--option 'aside=[{at.path(other)}]'` leaves it out; {_parts_remedy(at, parts, other)} "
                f"takes it"
            )
        layout.aside[at.path(other)] = "beside the folders of the parts, and without their class folders"
    for name in set(at.named) - set(parts):
        layout.aside[at.path(name)] = "no class folders inside, so the labels are not known"
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
    plain = {"".join(word for word in words_of(name) if not word.isdigit()).lower() for name in names}
    if len(plain) > 1:
        each = " or ".join(f"`--option 'aside=[{at.path(name)}]'` leaves out {name}" for name in names)
        both = f"{{{part}: [{', '.join(at.path(name) for name in names)}], ...}}"
        _stop(f"{_shown(names)}: both are for {part}; {each}; `--option 'parts={both}'` takes both")
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
    if set(at.named) == set(inside) or all(_is_generic(name) or name in at.named for name in inside):
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
    return layout


def _refuse_pictures_beside(at: _Children) -> None:
    """Refuse a folder `images` as a class among others."""
    pictures = [name for name in at.folder.inside if name.lower() in _PICTURE_FOLDERS]
    if pictures:
        others = [at.path(name) for name in at.folder.inside if name not in pictures]
        _stop(
            f"{at.path(pictures[0])}: names no class, and lies beside {_shown(others)}: "
            f"`--option 'aside=[{', '.join(others)}]'` leaves them out; {_level(at, 1)} takes all as classes"
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
            f"{_shown(inside)} as the classes, {_level(at, 2)} the folders inside"
        )
    if not below:
        return []
    first = next(iter(below))
    return [f"Folders inside a class belong to it, as {at.path(first, next(iter(below[first])))} does."]


def _set_test_aside(at: _Children, layout: Layout) -> None:
    """Take a folder `test` beside class folders for pictures without labels; a lone `train` is a vehicle."""
    hints = set(at.named.values())
    if {"train", "test"} <= hints or {"train", "validation"} <= hints:
        out = f"`--option 'aside=[{', '.join(map(at.path, at.named))}]'` leaves them out"
        beside = _shown(set(at.folder.inside) - {*at.named})
        rule = f"{_shown(at.named)}: have no class folders inside, and lie beside {beside}"
        _stop(f"{rule}: {out}, {_level(at, 1)} takes each as a class")
    if len(at.folder.inside) - len(at.named) > 1:
        for name, part in at.named.items():
            if part != "train" and name.lower() in {"test", "testing", "val", "valid", "validation"}:
                layout.aside[at.path(name)] = "no class folders inside, so the labels are not known"
                layout.told.append(f"{name} is not taken as a class; {_level(at, 1)} does that.")


def _stop_same(at: _Children, names: Sequence[str], common: set[str]) -> NoReturn:
    inside = at.folder.inside
    kinds = [f"`--option 'aside=[{', '.join(at.path(each) for each in inside if each != name)}]'`" for name in names]
    _stop(
        f"{_shown(names)}: have the same folders inside ({_shown(common)}). Are these the classes? {_level(at, 2)}. Or "
        f"{_shown(inside)}? {_level(at, 1)}. One of these alone: {kinds[0]}. If they are parts: "
        f"{_parts_remedy(at, {names[0]: 'train', names[1]: 'test'})}"
    )


def _by_file_names(at: _Children, names: Sequence[str]) -> Layout:
    """Read cat.1.jpg, dog.1.jpg: the part may be said by a folder, whose pictures have no such names if unlabelled."""
    aside: dict[str, str] = {}
    labelled: dict[str, list[str]] = {}
    for folder in sorted({name.rpartition("/")[0] for name in names}):
        found = _prefixes([name.rpartition("/")[2] for name in names if name.rpartition("/")[0] == folder])
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
    layout.told.append(f"The classes stand in the names of the files: {listed(classes[:_FEW])}; no folder names them.")
    return layout


def _prefixes(files: Sequence[str]) -> Counter[str]:
    """Return the classes that file names begin with, if all do, and each has several pictures."""
    matches = [re.match(BY_NAME, file) for file in files]
    found = Counter(match[1] for match in matches if match)
    if sum(found.values()) < len(files) or len(found) > max(2, len(files) // 4):
        return Counter()
    words = [each.lower() for each in found]
    good = all(re.search(r"[^\W\d_]", each) and each not in _CAMERAS and not parts_in(each) for each in words)
    return found if good and min(found.values()) > 1 else Counter()


def _no_classes(at: _Children, names: Sequence[str]) -> InputError:
    example = names[0].rpartition("/")[2]
    got = f"folders {_shown(at.folder.inside)}" if at.folder.inside else at.path()
    named = f", got {got} alone" if got else ""
    level = f"; if the folders are the classes, {_level(at, 1)}" if at.folder.inside else ""
    return InputError(
        f"there must be a folder for each class, or a table that names the pictures{named}. If their names say the "
        f"class, as {example!r} does, say where: `--option 'label=^(.*?)_'`{level}"
    )


def _is_generic(name: str) -> bool:
    words = [word.lower() for word in words_of(name)]
    return any(word in _GENERIC for word in words) and all(
        word in _GENERIC or word.isdigit() or len(word) == 1 for word in words
    )


def is_generic(name: str) -> bool:
    """Say whether a folder's name divides pictures and names no class: images, part_1, train_images."""
    return _is_generic(name) or part_in(name) is not None


def _level(at: _Children, below: int) -> str:
    return f"`--option level={len(at.above) + below}`"


def _parts_remedy(at: _Children, parts: dict[str, Part], also: str | None = None) -> str:
    said: dict[str, list[str]] = {}
    for name, part in parts.items():
        said.setdefault(part, []).append(at.path(name))
    if also:
        said["train"].append(at.path(also))
    inner = ", ".join(f"{part}: [{', '.join(names)}]" for part, names in said.items())
    return f"`--option 'parts={{{inner}}}'`"


def _take_out(pictures: Sequence[str]) -> str:
    first = pictures[0].rpartition("/")[0]
    pattern = f"{first}/" if first else ""
    endings = sorted({f"{pattern}*.{name.rpartition('.')[2]}" for name in pictures})
    names = ", ".join(pictures if len(pictures) <= _FEW else endings)
    return f"`--option 'aside=[{names}]'`"


def _shown(names: Any) -> str:
    each = sorted(names)
    return listed(each[:_FEW]) + (f" and {len(each) - _FEW} more" if len(each) > _FEW else "")


def _stop(text: str) -> NoReturn:
    raise InputError(text)
