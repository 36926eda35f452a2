"""Labels as they stand in the data -> codes and values, in the order in which people count."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Literal
from unicodedata import normalize

import numpy as np
from numpy.typing import NDArray

from hemline.data.description import Part
from hemline.errors import InputError
from hemline.words import first_quoted

_DIGITS = re.compile(r"([0-9]+)")
_NUMBER = re.compile(r"[+-]?[0-9]+(\.[0-9]*)?([eE][+-]?[0-9]{1,3})?")
_WHOLE = re.compile(r"-?(0|[1-9][0-9]*)")
_MOST = 2**53  # whole numbers that a float holds
Case = Literal["fold", "keep"]
Codes = NDArray[np.int32]
NaturalKey = tuple[tuple[str | tuple[int, str], ...], str]
Raw = Mapping[Part, Sequence[Any] | NDArray[Any]]


@dataclass(frozen=True)
class Labels:
    """The labels of a part."""

    codes: NDArray[np.integer[Any]]  # integers (n,), places in ``values``
    values: list[str]  # the labels as they stand in the data, each once, in their natural order
    # integers (n,): images of one object have the same; None where nothing is known of that
    groups: NDArray[np.integer[Any]] | None = None


def natural_key(text: str) -> NaturalKey:
    """Return a key by which "2" is sorted before "10"."""
    pieces = _DIGITS.split(text)  # text and digits by turns, so that text is never compared with a number
    numbers = [piece.lstrip("0") for piece in pieces]
    return tuple((len(numbers[i]), numbers[i]) if i % 2 else piece for i, piece in enumerate(pieces)), text


def labelled(
    labels: Raw, groups: Raw | None = None, *, order: Sequence[str] | None = None, case: Case | None = None
) -> dict[Part, Labels]:
    """Return the labels, text or numbers (n,), and the groups of each part; other arguments are those of ``encode``.

    Fewer than two classes, or one without an image to learn from, are an ``InputError``.
    """
    codes, values = encode(labels, order, case)
    _check_classes(codes, values)
    numbers, _ = encode(groups or {}, case="keep")
    return {part: Labels(each, values, numbers.get(part)) for part, each in codes.items()}


def encode(
    labels: Raw, order: Sequence[str] | None = None, case: Case | None = None
) -> tuple[dict[Part, Codes], list[str]]:
    """Turn labels, text or numbers (n,) by part, into numbers, of all parts alike.

    Returns, by part, int32 (n,), places in the values; and the values, each once, in ``order`` or naturally sorted.

    Spaces around a label do not count, nor their kind, nor whether accents stand apart from their letters. Where all
    labels are whole numbers, however they are written (3, 3.0, 3e0), they are numbers, unless some begin with zeros.
    ``case`` says whether labels that differ in letter case only are one class; without it, they are an ``InputError``.
    """
    factorised = {part: _numbered(np.asarray(each)) for part, each in labels.items()}
    texts = {
        part: [normalize("NFC", " ".join(str(unique).split())) for unique in uniques]
        for part, (_, uniques) in factorised.items()
    }
    found = {text for each in texts.values() for text in each}
    if order is None and any(_is_float(text) for text in found) and all(_whole(text) is not None for text in found):
        texts = {part: [str(_whole(text)) for text in each] for part, each in texts.items()}
    elif case != "keep":
        spelt = _spellings(found, case)
        texts = {part: [spelt[text] for text in each] for part, each in texts.items()}
    found = {text for each in texts.values() for text in each}
    values = sorted(found, key=int if all(_WHOLE.fullmatch(text) for text in found) else natural_key)
    if order is not None:
        values.sort(key=order.index)
    places = {value: place for place, value in enumerate(values)}
    renumbered = {part: np.array([places[text] for text in each], np.int32) for part, each in texts.items()}
    return {part: renumbered[part][codes] for part, (codes, _) in factorised.items()}, values


def _numbered(labels: NDArray[Any]) -> tuple[NDArray[np.int64], list[Any]]:
    """Return a number for each label, and the different labels; pandas would take a second to be imported."""
    places: dict[Any, int] = {}
    codes = (places.setdefault(label, len(places)) for label in labels.tolist())
    return np.fromiter(codes, np.int64, len(labels)), list(places)


def _is_float(text: str) -> bool:
    return not text.isdigit() and _whole(text) is not None


def _whole(text: str) -> int | None:
    """Return the whole number that a text is, None where it is none, or a name such as 007."""
    if not _NUMBER.fullmatch(text) or (len(text) > 1 and text[0] == "0" and text[1].isdigit()):
        return None
    value = float(text)
    return int(value) if value.is_integer() and abs(value) < _MOST else None


def _spellings(found: set[str], case: Case | None) -> dict[str, str]:
    """Return what each label is called: one of those that differ in their letters' case only."""
    first: dict[str, str] = {}
    for text in sorted(found):
        key = text.casefold() if len(text) > 1 or case == "fold" else text  # letters are classes of handwriting
        other = first.setdefault(key, text)
        if other != text and case is None:
            rule = f"{other!r} and {text!r} differ in letter case only; `--option case=fold` takes them as one class"
            raise InputError(f"labels: {rule}, `--option case=keep` as two")
    return {text: first.get(text.casefold() if len(text) > 1 or case == "fold" else text, text) for text in found}


def plain(labels: NDArray[Any]) -> NDArray[Any]:
    """Return labels (n,) of any type as integers or text; an ``InputError`` if they are something else."""
    if labels.dtype.kind == "S":
        return np.char.decode(labels, "utf-8", "replace")
    if labels.dtype.kind == "f":
        whole = np.rint(labels)
        if not np.array_equal(whole, labels):
            raise InputError(f"labels must be whole numbers or text, got {labels[whole != labels][0]:g}")
        return np.asarray(whole, np.int64)
    if labels.dtype.kind == "O":
        return np.array([_plain_object(each) for each in labels], object)
    if labels.dtype.kind not in "buiU":
        raise InputError(f"labels must be whole numbers or text, got {labels.dtype}")
    return labels


def _plain_object(label: Any) -> Any:
    if isinstance(label, bytes):
        return label.decode("utf-8", "replace")
    if not isinstance(label, str | int | float | Decimal | np.generic):
        raise InputError(f"labels must be whole numbers or text, one for each image, got {type(label).__name__}")
    return label


def _check_classes(codes: Mapping[Part, NDArray[Any]], values: Sequence[str]) -> None:
    if len(values) < 2:  # noqa: PLR2004 - what there is to tell apart
        raise InputError(f"classes: must be two or more, got {list(values)}")
    learnt = np.concatenate([codes[part] for part in codes if part in {"train", "all"}] or [np.empty(0, np.int32)])
    missing = np.flatnonzero(np.bincount(learnt, minlength=len(values)) == 0)
    if missing.size:
        names = first_quoted([values[code] for code in missing.tolist()], 5)
        raise InputError(f"classes: must have images to train on, got none of {names}; add some, or take these out")
