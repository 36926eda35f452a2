"""Every image looked at once, one by one: what all of them have in common, and which of them stand out."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from hemline.data.description import Part
from hemline.data.labels import Labels
from hemline.data.levels import NO_LEVELS, Levels
from hemline.describe.fingerprint import FINGERPRINT
from hemline.describe.look import Seen, look
from hemline.errors import InputError
from hemline.formats.format import Source
from hemline.images.picture import REDUCED

# Names that a line has room for.
NAMED = 5
# Images between two movements of a progress bar.
_TOLD = 64


@dataclass
class Remarkable:
    """Images of one kind: how many, and what the first of them are called."""

    count: int = 0
    first: list[str] = field(default_factory=list)

    def add(self, name: str) -> None:
        """Take note of one more."""
        self.count += 1
        if self.count <= NAMED:
            self.first.append(name)


@dataclass
class Survey:
    """The survey of a data set's images."""

    parts: dict[Part, Labels]  # the labels of each part
    # how many images have each shape, (height, width) or (height, width, channels)
    shapes: Counter[tuple[int, ...]] = field(default_factory=Counter)
    types: Counter[str] = field(default_factory=Counter)  # how many have each NumPy type
    lowest: float = np.inf  # the smallest pixel of all
    highest: float = -np.inf  # the largest pixel of all
    coloured: int = 0  # how many have a pixel that is not grey
    # by NumPy type, how many images of each class have it, and what the first of them is called
    depths: dict[str, tuple[Counter[int], str]] = field(default_factory=dict)
    reach: dict[int, float] = field(default_factory=dict)  # the highest pixel of each class
    levels: Levels = field(default_factory=NO_LEVELS.copy)  # the pixels of all, counted
    reduced: int = 0  # how many have colours of 16 bits in their file, and of 8 here
    unreadable: Remarkable = field(default_factory=Remarkable)  # those that cannot be read, with the reason
    constant: Remarkable = field(default_factory=Remarkable)  # those with one value in all pixels
    # ``FINGERPRINT`` (n,), of all images, part after part
    fingerprints: NDArray[np.void] = field(default_factory=lambda: np.empty(0, FINGERPRINT))

    @property
    def classes(self) -> list[str]:
        """The labels as they stand in the data."""
        return next(iter(self.parts.values())).values

    @property
    def images(self) -> int:
        """The number of images."""
        return sum(len(labels.codes) for labels in self.parts.values())

    @property
    def sizes(self) -> Counter[tuple[int, int]]:
        """The number of images of each height and width."""
        sizes: Counter[tuple[int, int]] = Counter()
        for shape, count in self.shapes.items():
            sizes[shape[:2]] += count  # type: ignore[index] # a slice of two
        return sizes

    def class_counts(self, part: Part) -> NDArray[np.intp]:
        """Return the number of images of each class, (classes,)."""
        return np.bincount(self.parts[part].codes, minlength=len(self.classes))


def survey(source: Source, parts: dict[Part, Labels], advance: Callable[[int], None] = lambda _: None) -> Survey:
    """Look at every image of a source, whose labels are given; an ``InputError`` if there are not as many images.

    ``advance`` is called with the number of images that have been looked at since the last time.
    """
    done, reduced = Survey(parts), len(REDUCED)
    hashes = bytearray()
    for part, labels in parts.items():
        count = 0
        for index, seen in enumerate(look(source.images(part), len(labels.codes))):
            count += 1
            if count % _TOLD == 0:
                advance(_TOLD)
            if isinstance(seen, InputError):
                done.unreadable.add(str(seen))
                continue
            code = int(labels.codes[index])
            _add(done, seen, code, lambda part=part, index=index: source.name(part, index))  # type: ignore[misc]
            hashes += b"".join(seen.fingerprint)
        advance(count % _TOLD)
        if count != len(labels.codes):
            raise InputError(f"{part}: must be as many images as labels, {len(labels.codes)}, got {count}")
    done.reduced = len(REDUCED) - reduced
    done.fingerprints = np.frombuffer(hashes, FINGERPRINT)
    return done


def _add(done: Survey, seen: Seen, code: int, name: Callable[[], str]) -> None:
    if seen.type not in done.depths:
        done.depths[seen.type] = Counter(), name()
    done.depths[seen.type][0][code] += 1
    done.reach[code] = max(done.reach.get(code, -np.inf), seen.highest)
    done.shapes[seen.shape] += 1
    done.types[seen.type] += 1
    done.lowest, done.highest = min(done.lowest, seen.lowest), max(done.highest, seen.highest)
    done.coloured += seen.coloured
    done.levels += seen.levels
    if seen.lowest == seen.highest:
        done.constant.add(name())
