"""Labels of classes and variants in figures: names if a figure can show them, otherwise numbers.

Figures use matplotlib's own font, for the same bytes on every machine. It has no Chinese letters and few emoji, and
long names do not fit. The page lists the full names.
"""

import re
from collections import Counter
from collections.abc import Sequence
from functools import cache
from pathlib import Path

import matplotlib as mpl
from matplotlib.ft2font import FT2Font

SHORT = 22
FONT = "DejaVu Sans"
_NUMBER = re.compile(r"#\d+")


def class_labels(names: Sequence[str]) -> list[str]:
    """Label classes in figures by the name, shortened if long, or by the number (from 0) as in ``#3``.

    All labels are different: numbers replace names with letters that the font lacks, names that differ only in the part
    that is cut out, and names that look like a number.
    """
    short = [shorten(name) for name in names]
    shared = Counter(short)
    return [
        label if shared[label] == 1 and _drawable(name) and not _NUMBER.fullmatch(name) else f"#{number}"
        for number, (name, label) in enumerate(zip(names, short, strict=True))
    ]


def label_key(names: Sequence[str], shown: Sequence[int]) -> list[tuple[str, str]]:
    """List the labels and full names of the classes in ``shown`` whose label is not their name."""
    labels = class_labels(names)
    return [(labels[number], names[number]) for number in shown if labels[number] != names[number]]


def variant_labels(names: Sequence[str]) -> dict[str, str]:
    """Label variants in figures by name, shortened to the fewest letters that tell them apart, at least 22.

    Names are plain letters, digits and hyphens, all different; so are the labels.
    """
    longest = max(map(len, names), default=0)
    for length in range(SHORT, longest):
        labels = {name: shorten(name, length) for name in names}
        if len(set(labels.values())) == len(labels):
            return labels
    return {name: name for name in names}


def shorten(name: str, length: int = SHORT) -> str:
    """Cut the middle out of a long name: names that begin alike often differ at the end."""
    half = length // 2
    return name if len(name) <= length else name[: half - 1].rstrip() + "…" + name[-half:].lstrip()


def _drawable(name: str) -> bool:
    return all(ord(letter) in _letters() for letter in name)


@cache
def _letters() -> frozenset[int]:
    path = Path(mpl.get_data_path()) / "fonts" / "ttf" / f"{FONT.replace(' ', '')}.ttf"
    return frozenset(FT2Font(path).get_charmap())
