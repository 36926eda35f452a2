"""The column of a table that says which rows are for training and which for the test."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from hemline.data.description import Part
from hemline.data.parts import part_in
from hemline.errors import InputError
from hemline.tables.kinds import is_text, ones, sample
from hemline.tables.options import TableOptions
from hemline.tables.table_file import TableFile
from hemline.words import either, first_quoted, option

_SPLITS = frozenset({"split", "usage", "partition", "subset"})
_FLAGS: dict[str, Part] = {
    **dict.fromkeys(("is_test", "istest", "test"), "test"),
    **dict.fromkeys(("is_train", "is_training", "is_training_image", "is_training_img", "train"), "train"),
    **dict.fromkeys(("is_valid", "is_val", "is_validation", "valid", "val"), "validation"),
}
_FOLDS = frozenset({"fold", "folds", "kfold", "cv_fold", "fold_id"})
_ANSWERS = {"1": True, "1.0": True, "true": True, "0": False, "0.0": False, "false": False}


def usual(name: str) -> str:
    """Return a column's name as it is usually spelt: `Data Set` is data_set."""
    return re.sub(r"[\s-]+", "_", name.strip().lower())


def find_split(file: TableFile, options: TableOptions, names: Sequence[str], told: list[str]) -> str | None:
    """Return the column that says what rows are for, if any, and tell that; an ``InputError`` if several may."""
    for name in names:
        if usual(name) in _FOLDS and options.group != name:
            raise InputError(
                f"{file.path}: column {name!r}: is a split into folds, and may be meant as one: "
                f"{option('group', name)} takes whole folds for the test set; {option('split', name)} with "
                f"{option('parts', {'train': [1, 2], 'test': [3]})} says which; {option('ignore', [name])} goes without"
            )
    found = [name for name in names if _says_parts(file, name)]
    if len(found) > 1:
        rule = f"several columns say train or test: {first_quoted(found)}"
        raise InputError(f"{file.path}: {rule}; say which: {either('split', found)}")
    if found:
        told.append(f"Column {found[0]!r} says what is for training and for the test.")
    return found[0] if found else None


def _says_parts(file: TableFile, name: str) -> bool:
    is_usual = usual(name) in _SPLITS
    if usual(name) in _FLAGS and ones(file, name) is not None and len(set(sample(file, name))) > 1:
        return True
    if not (is_usual or is_text(file.columns[name])):
        return False
    values = {str(value).strip() for value in file.first_values(name, pa.string(), everything=is_usual)}
    named = [part for value in values if (part := part_in(value))]
    # Other values of a usual column are refused where rows are split.
    return (len(named) == len(values) and "train" in named) or (is_usual and bool(named))


def split_rows(
    file: TableFile, name: str, values: NDArray[Any], parts: Mapping[Part, Sequence[str | int]] | None
) -> dict[Part, NDArray[Any]]:
    """Return the places of the rows of each part, by the values (rows,) of the column ``name`` that says it.

    Where ``parts`` is None, the values themselves must name parts; what names none is an ``InputError``.
    """
    words = np.array([str(value).strip() for value in values.tolist()])
    said = {str(value): part for part, each in (parts or {}).items() for value in each}
    flag, different = _FLAGS.get(usual(name)), dict.fromkeys(words.tolist())
    is_contest = any(part_in(word) == "test" and "private" in word.lower() for word in different)
    found: dict[Part, list[NDArray[Any]]] = {}
    for word in different:
        part = said.get(word)
        if part is None and not said:
            part = _flagged(flag, word) if flag else part_in(word)
            if part == "test" and is_contest and "public" in word.lower():
                part = "validation"  # as in contests: the public test set was looked at
        rows = np.flatnonzero(words == word)
        if part is None:
            remedy = f"say what it is for by {option('parts', {'train': '[...]', 'test': '[...]'})}"
            rule = f"column {name!r}: must be train, test or validation"
            raise InputError(f"{file.row(int(rows[0]))}: {rule}, got {word!r}; {remedy}")
        found.setdefault(part, []).append(rows)
    return {part: np.sort(np.concatenate(rows)) for part, rows in found.items()}


def _flagged(flag: Part, word: str) -> Part | None:
    yes = _ANSWERS.get(word.lower())
    return None if yes is None else flag if yes else "train" if flag != "train" else "test"
