"""Warnings about the images, for a user to read before trusting a result: sentences, the gravest first."""

from collections import Counter
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from hemline.data.description import Part
from hemline.data.findings import class_warnings
from hemline.data.labels import Labels
from hemline.data.levels import Levels, most_pixels
from hemline.describe.duplicates import Duplicates, count_duplicates, exact_groups, near_groups, near_only
from hemline.describe.fit import Fit, labels_of
from hemline.describe.survey import Survey
from hemline.formats.format import Source
from hemline.words import first_listed, listed

# Fewer training images of a class teach little; where another class has so many times more, accuracy misleads.
_FEW, _IMBALANCE = 10, 3
# A class whose highest pixel is so many times lower than that of others was hardly taken alike.
_DARK = 4
# Where most pixels are smaller by this than the scale, they are nearly nothing once they are divided by it.
_DARK_PIXELS = 8


def findings(seen: Survey, source: Source, fitting: Fit, scale: float) -> list[str]:
    """Return what stands out, one sentence each; pixels are to be divided by ``scale``."""
    classes = seen.classes
    labels = {name: labels_of(seen.parts, chosen) for name, chosen in fitting.sets.items()}
    sentences = [
        *depth_sentences(seen),
        reduced_sentence(seen),
        range_sentence(seen.levels, scale),
        *duplicate_sentences(seen, source),
        *class_warnings(labels, classes),
        group_sentence(seen.parts),
        few_sentence(np.bincount(labels["train"], minlength=len(classes)), classes),
        imbalance_sentence(sum((seen.class_counts(part) for part in seen.parts), np.zeros(len(classes), int)), classes),
        constant_sentence(seen),
        size_sentence(seen.sizes),
        colour_sentence(seen),
    ]
    return [sentence for sentence in sentences if sentence]


def depth_sentences(seen: Survey) -> list[str]:
    """Say that images have different depths or ranges: above all those of different classes, which tells them apart."""
    told = []
    names = {"uint8": "8 bits", "uint16": "16 bits", "float32": "floating point"}
    if len(seen.depths) > 1:
        each = [
            f"{counts.total():,} of {names.get(kind, kind)} (as {example}; of {_some(counts, seen.classes)})"
            for kind, (counts, example) in seen.depths.items()
        ]
        told.append(
            f"Depths differ: {listed(each)}. Where classes differ in it, a model can tell them by it alone: "
            "bring all to one depth and range first."
        )
    largest = max(seen.reach.values(), default=0.0)
    dark = [code for code, highest in sorted(seen.reach.items()) if highest < largest / _DARK]
    if dark:
        named = first_listed([f"{seen.classes[code]} ({seen.reach[code]:g})" for code in dark])
        told.append(
            f"Ranges differ between classes: pixels reach {largest:g}, but not those of {named}; a model can tell "
            "these by their brightness alone."
        )
    return told


def reduced_sentence(seen: Survey) -> str:
    """Say how many pictures lose half of their bits."""
    if not seen.reduced:
        return ""
    return (
        f"{_images_have(seen.reduced)} colours of 16 bits, which are read with 8: 256 levels of 65,536. Grey "
        "of 16 bits keeps all."
    )


def range_sentence(levels: Levels, scale: float) -> str:
    """Say that most pixels use a small part of the range: of such small numbers a linear model learns slowly."""
    usual = most_pixels(levels)
    if not 0 < usual < scale / _DARK_PIXELS:
        return ""
    return (
        f"Most pixels use a small part of the range: of those that are not 0, 90 % are at most {usual:g}. Divided by "
        f"{scale:g}, they are nearly nothing, and trainings are slow; try normalize.scale={usual:g}."
    )


def _some(counts: Counter[int], classes: Sequence[str]) -> str:
    if len(counts) == len(classes):
        return "all classes"
    return first_listed([classes[code] for code in sorted(counts)])


def duplicate_sentences(seen: Survey, source: Source) -> list[str]:
    """Say how many images are there twice, exactly or nearly, and what is wrong with that."""
    labels = np.concatenate([part.codes for part in seen.parts.values()])
    is_test = np.concatenate([np.full(len(part.codes), name == "test") for name, part in seen.parts.items()])
    exact = exact_groups(seen.fingerprints)
    near = near_only(near_groups(seen.fingerprints, exact), exact)
    told = []
    for groups, kind in ((exact, "the same pixels as another"), (near, "a near duplicate (by perceptual hashes)")):
        found = count_duplicates(groups, labels, is_test)
        if found.example is not None:
            example = [_name(seen.parts, source, place) for place in found.example]
            told.append(_duplicate_sentence(found, kind, example, "test" in seen.parts))
    return told


def group_sentence(parts: Mapping[Part, Labels]) -> str:
    """Say how many test images show an object that other images show, too, where the parts are given."""
    groups = {part: labels.groups for part, labels in parts.items() if labels.groups is not None}
    test = groups.pop("test", np.empty(0, int))
    shared = int(np.isin(test, np.concatenate([*groups.values(), test[:0]])).sum())
    if not shared:
        return ""
    return f"{shared:,} of {len(test):,} test images show objects that others show, too, which flatters every result."


def few_sentence(counts: NDArray[np.intp], classes: Sequence[str]) -> str:
    """Say which classes have too few training images to learn from; those without any are reported elsewhere."""
    few = np.flatnonzero((counts > 0) & (counts < _FEW))
    if not few.size:
        return ""
    named = first_listed([f"{classes[number]} ({counts[number]})" for number in few.tolist()])
    return f"Fewer than {_FEW} training images: {named}."


def imbalance_sentence(counts: NDArray[np.intp], classes: Sequence[str]) -> str:
    """Say how much larger the largest class is than the smallest, where that matters."""
    largest, smallest = int(counts.argmax()), int(np.where(counts > 0, counts, counts.max()).argmin())
    ratio = counts[largest] / max(1, counts[smallest])
    if ratio < _IMBALANCE:
        return ""
    return (
        f"Imbalanced: {counts[largest]:,} images of {classes[largest]} and {counts[smallest]:,} of "
        f"{classes[smallest]}, {ratio:.3g} : 1."
    )


def constant_sentence(seen: Survey) -> str:
    """Say how many images have one value in all pixels."""
    found = seen.constant
    if not found.count:
        return ""
    return f"{_images_have(found.count)} the same value in all pixels: {first_listed(found.first, count=found.count)}."


def size_sentence(sizes: Counter[tuple[int, int]]) -> str:
    """Say how sizes differ."""
    if len(sizes) == 1:
        return ""
    areas = sorted(sizes, key=lambda size: (size[0] * size[1], size))
    (smallest, largest) = (f"{height} x {width}" for height, width in (areas[0], areas[-1]))
    return f"Sizes differ: {len(sizes):,} of them, from {smallest} to {largest} (height x width)."


def colour_sentence(seen: Survey) -> str:
    """Say that some images are grey and some are not."""
    if not 0 < seen.coloured < seen.images:
        return ""
    return f"{seen.coloured:,} of {seen.images:,} images are in colour, the others grey."


def _duplicate_sentence(found: Duplicates, kind: str, example: Sequence[str], has_test: bool) -> str:
    text = f"{_images_have(found.images)} {kind}"
    if found.leaked:
        are = "is a test image whose twin is" if found.leaked == 1 else "are test images whose twins are"
        text += f"; {found.leaked:,} of them {are} not, which flatters every result"
    if found.mislabelled:
        text += f"; in {found.mislabelled:,} of {found.groups:,} groups, labels differ"
    if not has_test:
        text += "; a split may put them on both sides"
    return f"{text}. One such group: {' and '.join(example)}."


def _name(parts: Mapping[Part, Labels], source: Source, place: int) -> str:
    for part, labels in parts.items():
        if place < len(labels.codes):
            return source.name(part, place)
        place -= len(labels.codes)
    raise IndexError(place)


def _images_have(count: int) -> str:
    return f"{count:,} image has" if count == 1 else f"{count:,} images have"
