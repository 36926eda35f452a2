"""Labels as they stand in the data -> codes and values, in the order in which people count."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from hemline.data.description import Part
from hemline.errors import InputError

_DIGITS = re.compile(r"([0-9]+)")
Codes = NDArray[np.int32]
NaturalKey = tuple[tuple[str | tuple[int, str], ...], str]


def natural_key(text: str) -> NaturalKey:
    """Return a key by which "2" is sorted before "10"."""
    pieces = _DIGITS.split(text)  # text and digits by turns, so that no text is held against a number
    numbers = [piece.lstrip("0") for piece in pieces]
    return tuple((len(numbers[i]), numbers[i]) if i % 2 else piece for i, piece in enumerate(pieces)), text


def encode(
    labels: Mapping[Part, Sequence[Any] | NDArray[Any]], order: Sequence[str] | None = None
) -> tuple[dict[Part, Codes], list[str]]:
    """Turn labels, text or numbers (n,) by part, into numbers, of all parts alike.

    Returns, by part, int32 (n,), places in the values; and the values, each once, in ``order`` or naturally sorted.
    """
    factorised = {part: pd.factorize(np.asarray(each)) for part, each in labels.items()}
    texts = {part: [str(unique) for unique in uniques] for part, (_, uniques) in factorised.items()}
    values = sorted({text for each in texts.values() for text in each}, key=natural_key)
    if order is not None:
        values.sort(key=order.index)
    places = {value: place for place, value in enumerate(values)}
    renumbered = {part: np.array([places[text] for text in each], np.int32) for part, each in texts.items()}
    return {part: renumbered[part][codes] for part, (codes, _) in factorised.items()}, values


def plain(labels: NDArray[Any]) -> NDArray[Any]:
    """Return labels (n,) of any type as integers or text.

    Raises:
        InputError: they are something else.
    """
    if labels.dtype.kind == "S":
        return np.char.decode(labels, "utf-8", "replace")
    if labels.dtype.kind == "f":
        whole = np.rint(labels)
        if not np.array_equal(whole, labels):
            raise InputError(f"labels must be whole numbers or text, got {labels[whole != labels][0]:g}")
        return np.asarray(whole, np.int64)
    if labels.dtype.kind not in "buiUO":
        raise InputError(f"labels must be whole numbers or text, got {labels.dtype}")
    return labels


def check_classes(codes: Mapping[Part, NDArray[Any]], values: Sequence[str]) -> None:
    """Refuse labels that nothing can be learnt from.

    Raises:
        InputError: fewer than two classes; one without an image to learn from.
    """
    if len(values) < 2:  # noqa: PLR2004 - what there is to tell apart
        raise InputError(f"classes: must be two or more, got {list(values)}")
    learnt = np.concatenate([codes[part] for part in codes if part in {"train", "all"}] or [np.empty(0, np.int32)])
    missing = np.flatnonzero(np.bincount(learnt, minlength=len(values)) == 0)
    if missing.size:
        names = [values[code] for code in missing[:5]]
        more = f" and {missing.size - 5} more" if missing.size > 5 else ""  # noqa: PLR2004 - names in a line
        raise InputError(f"classes: must have images to train on, got none of {names}{more}, which only others have")
