"""Which column of a table is what: its label, its group, its part, and where its images are."""

import base64
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from pydantic import Field

from hemline.data.description import Part
from hemline.data.labels import Case, natural_key, plain
from hemline.data.parts import part_in, words_of
from hemline.errors import InputError
from hemline.images.tree import PICTURES, is_picture_head
from hemline.schema import Count, StrictModel
from hemline.tables.table_file import TableFile

# The likelier names first; a column of coordinates called `y` is none.
_LABELS = re.findall(
    r"\S+",
    "label labels class classes class_name classname class_label class_id target targets category y diagnosis dx "
    "species breed emotion digit letter genus disease variety grade",
)
_LABEL_WORDS = frozenset({"label", "labels", "class", "category", "target", "diagnosis", "breed", "species"})
_SPLITS = frozenset({"split", "usage", "partition", "subset"})
_FLAGS: dict[str, Part] = {
    **dict.fromkeys(("is_test", "istest", "test"), "test"),
    **dict.fromkeys(("is_train", "is_training", "is_training_image", "is_training_img", "train"), "train"),
    **dict.fromkeys(("is_valid", "is_val", "is_validation", "valid", "val"), "validation"),
}
_FOLDS = frozenset({"fold", "folds", "kfold", "cv_fold", "fold_id"})
_OBJECTS = frozenset(
    re.findall(
        r"\S+",
        "patient subject lesion person participant individual object specimen session video scene writer slide",
    )
)
_NO_IMAGES = frozenset({"mask", "masks", "seg", "segmentation", "depth", "thumbnail", "thumb", "annotation", "hash"})
_IDS = frozenset({"id", "image", "img", "file", "filename", "picture", "photo", "name", "number"})
_IMAGES = ("image", "img", "picture", "photo", "images", "pixels")
# What programs write beside the data: the numbers of the rows.
_ROW_NUMBERS = frozenset({"", "id", "index", "unnamed: 0", "__index_level_0__"})
_PIXEL_TEXT = re.compile(r"[\s\[(]*-?[0-9.]+([\s,;]+-?[0-9.]+){8,}")
_FEW = 8
Kind = Literal["pixels", "encoded", "base64", "paths", "text", "nested"]
# Says which picture a text names, None where it is none.
Resolve = Callable[[str], str | None]


class TableOptions(StrictModel):
    """What the names of the columns do not tell.

    Attributes:
        label: the column of labels; or a column of 0 and 1 for each class.
        image: the column of encoded pictures, of their paths, or of all pixels of an image.
        group: a column: images of one object have the same there.
        split: a column that says train, test or validation.
        parts: by part, the values of that column.
        ignore: columns that are not looked at.
        shape: height and width, and channels behind or before them, of images whose pixels are in a row.
        table: in a folder or an archive, the file or files; or those of each part.
        folder: where the pictures lie, if several have the same name.
        header: whether the first row names the columns; if not, they are column1, column2, ...
        case: whether classes that differ in letter case only are the same.
    """

    label: str | list[str] | None = None
    image: str | None = None
    group: str | None = None
    split: str | None = None
    parts: dict[Part, list[str | int]] | None = None
    ignore: list[str] = Field(default_factory=list)
    shape: Annotated[list[Count], Field(min_length=2, max_length=3)] | None = None
    table: str | list[str] | dict[Part, str | list[str]] | None = None
    folder: str | None = None
    header: bool = True
    case: Case | None = None


class NoLabelsError(InputError):
    """A table of images without a column of labels."""


@dataclass
class Roles:
    """Which column is what.

    Attributes:
        label: of labels; several, if each is of a class.
        group: of groups, if any.
        split: that says what a row is for, if any.
        kind: what the columns of images hold.
        images: these columns.
        told: what was not taken, in sentences.
    """

    label: list[str]
    group: str | None
    split: str | None
    kind: Kind
    images: list[str]
    told: list[str] = field(default_factory=list)

    def options(self) -> dict[str, Any]:
        """Return the options that say so."""
        label = self.label[0] if len(self.label) == 1 else self.label
        image = self.images[0] if self.kind != "pixels" else None
        found = {"label": label, "image": image, "group": self.group, "split": self.split}
        return {key: value for key, value in found.items() if value is not None}


def find_roles(file: TableFile, options: TableOptions, resolve: Resolve | None = None) -> Roles:
    """Return which column is what.

    Args:
        file: the table.
        options: what the user says.
        resolve: finds a picture that lies with the table.

    Raises:
        NoLabelsError: no column has labels.
        InputError: there is no such column, or it cannot be what it must be, or several can.
    """
    for each in options.ignore:
        _chosen(file, "ignore", each)
    labels = [options.label] if isinstance(options.label, str) else options.label or []
    for option, name in [*(("label", name) for name in labels), ("split", options.split), ("group", options.group)]:
        _chosen(file, option, name)
    columns = {name: each for name, each in file.columns.items() if name not in options.ignore}
    taken = {*labels, options.split, options.group}
    kind, images = find_images(file, options, {n: each for n, each in columns.items() if n not in taken}, resolve)
    told: list[str] = []
    others = [name for name in columns if name not in images] if kind != "pixels" else _no_pixels(columns)
    split = options.split or _find_split(file, options, others, told)
    label = _find_label(file, options, [name for name in others if name != split], told, whole=kind != "pixels")
    group = options.group
    if group is None and split is None:
        group = _find_group(file, [name for name in others if name not in label], told)
    if kind == "pixels":
        images = _pixels(file, {n: columns[n] for n in columns if n not in {*label, split, group}}, told)
    return Roles(label, group, split, kind, images, told)


def find_images(
    file: TableFile, options: TableOptions, columns: Mapping[str, pa.DataType], resolve: Resolve | None
) -> tuple[Kind, list[str]]:
    """Return what kind of images there are, and the column that holds them; none for a column for each pixel.

    Raises:
        InputError: several columns may be it.
    """
    image = _chosen(file, "image", options.image)
    chosen = {image: file.columns[image]} if image is not None else columns
    kinds: dict[str, Kind] = {}
    for name, each in chosen.items():
        kind = _kind(file, name, each, resolve)
        if kind is not None and (image is not None or not _NO_IMAGES & {w.lower() for w in words_of(name)}):
            kinds[name] = kind
    if image is not None:
        return kinds.get(image, "paths"), [image]
    usual = [name for name in kinds if name.lower() in _IMAGES]
    names = list(kinds) if len(kinds) < 2 or len(usual) != 1 else usual  # noqa: PLR2004 - one is no choice
    if len(names) > 1 and not _same_pictures(file, names, kinds, resolve):
        each = " or ".join(f"`--option {_quoted(f'image={name}')}`" for name in names[:_FEW])
        raise InputError(f"{file.path}: several columns hold pictures: {_shown(names)}; say which: {each}")
    return (kinds[names[0]], names[:1]) if names else ("pixels", [])


def _same_pictures(file: TableFile, names: Sequence[str], kinds: Mapping[str, Kind], resolve: Resolve | None) -> bool:
    """Say whether columns of paths name the same pictures."""
    if resolve is None or {kinds[name] for name in names} != {"paths"}:
        return False
    first, *rest = ([resolve(text) for text in _sample(file, name)] for name in names)
    return all(first == each for each in rest)


def _kind(file: TableFile, name: str, column: pa.DataType, resolve: Resolve | None) -> Kind | None:
    if _is_nested(column):
        return "nested"
    if _is_bytes(column):
        first = next((value for value in file.first_values(name) if value is not None), b"")
        content = first.get("bytes") or b"" if isinstance(first, dict) else first
        path = first.get("path") if isinstance(first, dict) else None
        if content:
            known = is_picture_head(content[:32]) or isinstance(first, dict) or name.lower() in _IMAGES
            return "encoded" if known else None
        return "paths" if path else None
    is_id = (
        bool(pa.types.is_integer(column)) and resolve is not None and bool(_IDS & {w.lower() for w in words_of(name)})
    )
    if not is_id and not _is_text(column):
        return None
    return _kind_of_text([text for text in _sample(file, name) if text], resolve)


def _kind_of_text(texts: Sequence[str], resolve: Resolve | None) -> Kind | None:
    if not texts:
        return None
    first = texts[0]
    like_pictures = sum(text[text.rfind(".") :].lower() in PICTURES for text in texts)
    known = sum(resolve(text) is not None for text in texts) if resolve is not None else like_pictures
    if known and 2 * max(known, like_pictures) >= len(texts):
        return "paths"
    if _PIXEL_TEXT.match(first):
        return "text"
    if len(first) > 40 and is_picture_head(from_base64(first)[:32]):  # noqa: PLR2004 - shorter than any picture
        return "base64"
    return None


def from_base64(text: str) -> bytes:
    """Return the bytes of a text, as it is or as an address `data:image/png;base64,...`; none of anything else."""
    try:
        return base64.b64decode(text.rpartition(",")[2], validate=True)
    except ValueError:
        return b""


def read_column(file: TableFile, name: str) -> NDArray[Any]:
    """Return a column's values, integers or text (rows,).

    Raises:
        InputError: one of them is missing, or is no label.
    """
    values = _values(file, name)
    missing = np.flatnonzero(values.is_null().to_numpy())
    array = values.to_numpy()
    if not missing.size and array.dtype == object:
        missing = np.flatnonzero([isinstance(each, str) and not each.strip() for each in array])
    if missing.size:
        raise InputError(f"{file.row(int(missing[0]))}: column {name!r}: must have a value, got none")
    try:
        return plain(array)
    except InputError as error:
        raise InputError(f"{file.path}: column {name!r}: {error}") from None


def check_alike(file: TableFile, first: TableFile, needed: Sequence[str], images: Sequence[str]) -> None:
    """Refuse a file that lacks columns that the first one has.

    Raises:
        InputError: with the columns that differ.
    """
    missing = sorted(set(needed) - set(file.columns), key=natural_key)
    if missing:
        raise InputError(f"{file.path}: must have the columns of {first.path.name}, but differs in {_shown(missing)}")
    for name in needed:
        if (
            _is_number(first.columns[name])
            and file.types_are_certain
            and _is_text(file.columns[name])
            and name in images
        ):
            rule = f"column {name!r}: must be {first.columns[name]} as in {first.path.name}"
            raise InputError(f"{file.path}: {rule}, got {file.columns[name]}")


def _values(file: TableFile, name: str) -> pa.ChunkedArray:
    batches = [batch.column(0) for batch in file.batches([name], pa.string())]
    column = pa.chunked_array(batches, file.columns[name] if file.types_are_certain else pa.string())
    return column.cast(column.type.value_type) if pa.types.is_dictionary(column.type) else column


def _sample(file: TableFile, name: str) -> list[str]:
    """Return the first values of a column as text, empty where they are missing."""
    return ["" if value is None else str(value).strip() for value in file.first_values(name, pa.string())]


def _chosen(file: TableFile, option: str, name: str | None) -> str | None:
    """Return the column that the option names."""
    if name is not None and name not in file.columns:
        raise InputError(f"{file.path}: options.{option}: must be one of {_shown(file.columns)}, got {name!r}")
    return name


def _find_label(
    file: TableFile, options: TableOptions, names: Sequence[str], told: list[str], *, whole: bool
) -> list[str]:
    if options.label is not None:
        return [options.label] if isinstance(options.label, str) else options.label
    usual = {_usual(name): name for name in reversed(names)}
    if "x" in usual:
        usual.pop("y", None)
    found = [usual[each] for each in _LABELS if each in usual]
    ones = [name for name in names if _is_number(file.columns[name]) or pa.types.is_boolean(file.columns[name])]
    if not found and whole and (one_hot := _one_hot(file, ones)):
        return one_hot
    weak = [name for name in names if _LABEL_WORDS & {word.lower() for word in words_of(name)} and name not in found]
    if found and weak:
        told.append(f"Not taken as labels: {_shown(weak)}; `--option label=<column>` does that.")
    if not (found := found or weak):
        rule = f"must have a column of labels ({', '.join(_LABELS[:6])} ...)"
        raise NoLabelsError(f"{file.path}: {rule}, got {_shown(names)}; name it by `--option label=<column>`")
    return [_check_same(file, found, told)]


def _check_same(file: TableFile, found: Sequence[str], told: list[str]) -> str:
    """Return the column of labels; of several that divide the rows alike, one of text.

    Raises:
        InputError: they do not.
    """
    if len(found) == 1:
        return found[0]
    columns = {name: [str(value) for value in _values(file, name).to_pylist()] for name in found}
    classes = len(set(columns[found[0]]))
    same = [
        n for n in found if len(set(columns[n])) == classes == len(set(zip(columns[found[0]], columns[n], strict=True)))
    ]
    if len(same) < len(found):
        each = " or ".join(f"`--option {_quoted(f'label={name}')}`" for name in found[:_FEW])
        raise InputError(f"{file.path}: several columns may be the labels: {_shown(found)}; say which: {each}")
    best = next((name for name in found if _is_text(file.columns[name])), found[0])
    told.append(f"Column {best!r} has the labels; {_shown([n for n in found if n != best])} says the same.")
    return best


def _one_hot(file: TableFile, names: Sequence[str]) -> list[str]:
    """Return columns of 0 and 1 of which each row has one 1."""
    columns = {}
    for name in names:
        values = one_hot_column(file, name)
        if values is not None:
            columns[name] = values
    if len(columns) < 2:  # noqa: PLR2004 - classes
        return []
    sums = np.sum([*columns.values()], axis=0)
    if (sums == 1).all():
        return list(columns)
    if len(columns) > 2:  # noqa: PLR2004 - of two, one may be about something else
        rule = (
            f"columns {_shown([*columns])} are 0 or 1, and rows have {int(sums.min())} to {int(sums.max())} of them 1"
        )
        raise NoLabelsError(f"{file.path}: {rule}: several labels for an image are no classes to tell apart")
    return []


def one_hot_column(file: TableFile, name: str) -> NDArray[np.bool_] | None:
    """Return where a column is 1; None if it is anything but 0 and 1 anywhere."""
    try:
        words = {"true": 1.0, "false": 0.0}
        values = np.array([words.get(str(v).strip().lower(), v) for v in _values(file, name).to_pylist()], float)
    except (TypeError, ValueError):
        return None
    return values == 1 if np.isin(values, (0, 1)).all() else None


def _find_split(file: TableFile, options: TableOptions, names: Sequence[str], told: list[str]) -> str | None:
    found = []
    for name in names:
        usual, column = _usual(name), file.columns[name]
        if usual in _FOLDS and options.group != name:
            first = (
                f"`--option group={name}` takes whole folds for the test set; `--option split={name}` with `--option "
            )
            rule = f"{first}'parts={{train: [1, 2], test: [3]}}'` says which; `--option 'ignore=[{name}]'` goes without"
            raise InputError(f"{file.path}: column {name!r}: is a split into folds, and may be meant as one: {rule}")
        if usual in _FLAGS and one_hot_column(file, name) is not None and len(set(_sample(file, name))) > 1:
            found.append(name)
        elif _is_text(column) or usual in _SPLITS:
            values = {str(value).strip() for value in file.first_values(name, pa.string(), everything=usual in _SPLITS)}
            named = {value for value in values if part_in(value)}
            if values == named and any(part_in(value) == "train" for value in values):
                found.append(name)
            elif usual in _SPLITS and named:
                found.append(name)  # whose other values are refused where rows are split
    if len(found) > 1:
        each = " or ".join(f"`--option {_quoted(f'split={name}')}`" for name in found)
        raise InputError(f"{file.path}: several columns say train or test: {_shown(found)}; say which: {each}")
    if found:
        told.append(f"Column {found[0]!r} says what is for training and for the test.")
    return found[0] if found else None


def split_rows(
    file: TableFile, name: str, parts: Mapping[Part, Sequence[str | int]] | None
) -> dict[Part, NDArray[Any]]:
    """Return the places of the rows of each part.

    Raises:
        InputError: a value of the column names no part.
    """
    words = np.array([str(value).strip() for value in read_column(file, name).tolist()])
    said = {str(value): part for part, values in (parts or {}).items() for value in values}
    flag = _FLAGS.get(_usual(name))
    tests = {word for word in dict.fromkeys(words.tolist()) if part_in(word) == "test"}
    found: dict[Part, list[NDArray[Any]]] = {}
    for word in dict.fromkeys(words.tolist()):
        part = said.get(word)
        if part is None and not said:
            part = _flagged(flag, word) if flag else part_in(word)
            if part == "test" and "public" in word.lower() and any("private" in other.lower() for other in tests):
                part = "validation"  # as in contests: the public test set was looked at
        if part is None:
            index = int(np.flatnonzero(words == word)[0])
            remedy = "say what it is for by `--option 'parts={train: [...], test: [...]}'`"
            rule = f"column {name!r}: must be train, test or validation"
            raise InputError(f"{file.row(index)}: {rule}, got {word!r}; {remedy}")
        found.setdefault(part, []).append(np.flatnonzero(words == word))
    return {part: np.sort(np.concatenate(rows)) for part, rows in found.items()}


def _flagged(flag: Part, word: str) -> Part | None:
    yes = {"1": True, "1.0": True, "true": True, "0": False, "0.0": False, "false": False}.get(word.lower())
    return None if yes is None else flag if yes else "train" if flag != "train" else "test"


def _find_group(file: TableFile, names: Sequence[str], told: list[str]) -> str | None:
    for name in names:
        if _OBJECTS & {word.lower() for word in words_of(name)} or _usual(name) in {"patientid", "case_id"}:
            values = _sample(file, name)
            if all(values) and 1 < len(set(values)) < len(values):
                out = f"`--option 'ignore=[{name}]'` splits without regard to it"
                told.append(f"Images with the same {name!r} stay on one side of the split; {out}.")
                return name
    return None


def _no_pixels(columns: Mapping[str, pa.DataType]) -> list[str]:
    """Return the columns outside of the largest family of names that differ in their numbers only."""
    family = _family([name for name, each in columns.items() if _is_number(each)])
    return [name for name in columns if name not in family]


def _family(names: Sequence[str]) -> set[str]:
    families: dict[str, list[str]] = {}
    for name in names:
        if (pattern := re.sub("[0-9]+", "#", name)) != name:
            families.setdefault(pattern, []).append(name)
    largest = max(families.values(), key=len, default=[])
    return set(largest) if 2 * len(largest) > len(names) and len(largest) > 3 else set()  # noqa: PLR2004 - pixels


def _pixels(file: TableFile, columns: Mapping[str, pa.DataType], told: list[str]) -> list[str]:
    names = [name for name in columns if name.lower() not in _ROW_NUMBERS]
    family = _family([name for name in names if _is_number(columns[name])])
    if family:
        ordered = sorted(family, key=natural_key)
        if left := [name for name in names if name not in family]:
            told.append(f"Columns {_shown(left)} are not looked at: the pixels are {ordered[0]} to {ordered[-1]}.")
        if ordered != [name for name in names if name in family]:
            told.append(
                f"The columns of pixels are out of the order of their numbers, and read as {ordered[0]}, {ordered[1]} "
                f"and so on."
            )
        return ordered
    text = [name for name in names if not _is_number(columns[name])]
    if text:
        rule = f"column {text[0]!r}: must be numbers, as pixels are, got {columns[text[0]]}"
        raise InputError(f"{file.path}: {rule}; `--option 'ignore=[{text[0]}]'` takes it out")
    if not names:
        raise InputError(
            f"{file.path}: must have columns of pixels, of pictures or of paths, got {_shown(file.columns)}"
        )
    return names


def _usual(name: str) -> str:
    return re.sub(r"[\s-]+", "_", name.strip().lower())


def _quoted(option: str) -> str:
    return option if re.fullmatch(r"[\w=./-]+", option) else f"'{option}'"


def _is_bytes(column: pa.DataType) -> bool:
    if pa.types.is_struct(column):
        return "bytes" in {column.field(index).name for index in range(column.num_fields)}
    return bool(pa.types.is_binary(column)) or bool(pa.types.is_large_binary(column))


def _is_nested(column: pa.DataType) -> bool:
    column = getattr(column, "storage_type", column)
    levels = 0
    while pa.types.is_list(column) or pa.types.is_large_list(column) or pa.types.is_fixed_size_list(column):
        column, levels = column.value_type, levels + 1
    return levels > 0 and _is_number(column)


def _is_text(column: pa.DataType) -> bool:
    column = column.value_type if pa.types.is_dictionary(column) else column
    return any(kind(column) for kind in (pa.types.is_string, pa.types.is_large_string, pa.types.is_string_view))


def _is_number(column: pa.DataType) -> bool:
    return bool(pa.types.is_integer(column) or pa.types.is_floating(column))


def _shown(columns: Sequence[str] | dict[str, Any]) -> str:
    names = list(columns)
    return f"{names[:_FEW]}" + (f" and {len(names) - _FEW} more" if len(names) > _FEW else "")
