"""Names of folders and files: some divide pictures and name no class, some are masks, some say a class."""

import re
from collections import Counter
from collections.abc import Collection, Sequence
from fnmatch import fnmatch

from hemline.data.parts import part_in, parts_in, words_of
from hemline.words import word_set

# What folders are called that divide pictures and name no class.
_GENERIC = word_set(
    "image images img imgs picture pictures photo photos part parts batch folder dir data dataset files set chunk "
    "shard jpg jpeg png"
)
# What folders are called whose pictures show one object or come from one place, which are no classes.
_SOURCES = word_set("patient subject session video site camera cam scan slide plate sequence seq client")
PICTURE_FOLDERS = word_set("image images img imgs original originals rgb")
_MASK_FOLDERS = word_set(
    "mask masks segmentation segmentations gt groundtruth ground_truth annotation annotations trimap trimaps"
)
_MASK = re.compile(r"(.+?)[ _-](mask|masks|seg|segmentation|gt)([ _-]?[0-9]+)?", re.IGNORECASE)
# Words that cameras and programs begin file names with.
_CAMERAS = _GENERIC | word_set("dsc dscn dscf pic frame file scan sample example train test val")
_ENDS = re.compile("/|$").finditer  # of the folders of a path
BY_NAME = r"^(.*?)[ ._-]*[0-9]+\.[^.]*$"


def is_generic(name: str) -> bool:
    """Say whether a folder's name divides pictures and names no class: images, part_1, train_images, test."""
    words = words_of(name)
    divides = any(word in _GENERIC for word in words) and all(
        word in _GENERIC or word.isdigit() or len(word) == 1 for word in words
    )
    return divides or part_in(name) is not None


def are_generic(names: Collection[str]) -> bool:
    """Say whether folders' names name no class: each by itself; or they differ in numbers alone, as HAM_part_1, _2."""
    numbered = len(names) > 1 and len({re.sub("[0-9]+", "", name) for name in names}) == 1
    words = {word for name in names for word in words_of(name)}
    return all(map(is_generic, names)) or (numbered and not words.isdisjoint(_GENERIC | _SOURCES))


def class_prefixes(files: Sequence[str]) -> Counter[str]:
    """Return the classes that file names begin with, if all do, and each has several pictures."""
    matches = [re.match(BY_NAME, file) for file in files]
    found = Counter(match[1] for match in matches if match)
    if sum(found.values()) < len(files) or len(found) > max(2, len(files) // 4):
        return Counter()
    words = [each.lower() for each in found]
    good = all(re.search(r"[^\W\d_]", each) and each not in _CAMERAS and not parts_in(each) for each in words)
    return found if good and min(found.values()) > 1 else Counter()


def without_aside(names: Sequence[str], aside: Sequence[str]) -> tuple[list[str], dict[str, str]]:
    """Return the pictures that no pattern as `cat/*`, `*.gif`, and no folder leaves out; the others with the reason.

    Masks are left out always: as `1_mask.png` beside its picture, in `masks` beside `images` or folders of parts.
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
    pictures = {above for above, name in placed if name.lower() in PICTURE_FOLDERS or part_in(name)}
    return {
        f"{above}/{name}".lstrip("/") for above, name in placed if name.lower() in _MASK_FOLDERS and above in pictures
    }
