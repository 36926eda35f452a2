"""``data/<name>.yaml`` of a user's own images: its text, with a comment for whatever can be changed."""

import io
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq

from hemline.data.description import Dataset, parse_dataset
from hemline.errors import InputError, writing
from hemline.processes.drafts import draft
from hemline.schema import NAME_PATTERN, read_yaml

FOLDER = Path("data")
_WIDTH = 110
_LONGEST_NAME = 64
_IN_A_LINE = 12  # classes whose names stand side by side

# In the order of the file: what stands above a key.
_COMMENTS = {
    "title": "Shown on the page; also `licence: ...` and `homepage: https://...`.",
    "format": "How the images are stored: a module of hemline/formats. What else it must know stands under `options`.",
    "options": "",
    "classes": "What the classes are called; change it as you like.",
    "labels": "The same classes, in the same order, as they stand in the data: these must stay.",
    "image_shape": "Height and width, and 3 for colour; without the 3, images become grey.",
    "resize": (
        "Pictures of another size are brought to this one; `method` is nearest, box, bilinear, hamming, bicubic or\n"
        "lanczos; `fit` is stretch, crop (the middle) or pad (with black)."
    ),
    "pixels": "The range of the raw pixels; what lies outside is refused. `normalize.scale` should be the largest.",
    "split": "No test set is given: this share becomes one, with as much of each class; another seed, another choice.",
    "class_counts": "What arrives is refused unless it is what follows: images of each class, in order ...",
    "files": "... and the SHA-256; of a folder, it is one over the sorted names and contents of its files.",
    "sources": (
        "Folders in this repository, or addresses, that have the files, tried in order; data/manual/<name>/, a folder\n"
        "or a link to one, which git does not see, comes first."
    ),
}


def description_text(values: dict[str, Any], account: Sequence[str] = ()) -> str:
    """Return the YAML text of a description, less keys that are absent; at its end the account, line by line."""
    blocks = [
        "# A data set, as `make describe` found it; data/fashion-mnist.yaml shows one whose files are downloaded.\n"
    ]
    for key, comment in _COMMENTS.items():
        if key in values:
            lines = "".join(f"# {line}\n" for line in comment.splitlines())
            blocks.append(lines + _dump(key, values[key]))
    if account:
        told = ["How it was read when it was described:", *account]
        blocks.append("".join(f"# {''.join(c if c.isprintable() else '?' for c in line)}\n" for line in told))
    return "\n".join(blocks)


def write_description(name: str, text: str, folder: Path = FOLDER) -> Dataset:
    """Write ``<folder>/<name>.yaml`` in one step, and return the data set.

    Where it breaks a rule, nothing is written, and that is an ``InputError``.
    """
    path = folder / f"{name}.yaml"
    with draft() as new:
        written = new.folder / path.name
        with writing(path):
            written.write_text(text, encoding="utf-8")
        dataset = parse_dataset(name, read_yaml(written), path)
        new.put(path.name, path)
    return dataset


def check_name(name: str | None, *, force: bool, folder: Path = FOLDER) -> str:
    """Refuse a name that is none, or another data set's, by an ``InputError``; return it."""
    if not name:
        raise InputError("NAME: is required, but missing; give the data set a name: --name my-flowers")
    if not re.fullmatch(NAME_PATTERN, name) or len(name) > _LONGEST_NAME:
        rule = f"must be at most {_LONGEST_NAME} small letters, digits and hyphens, as in my-flowers"
        raise InputError(f"NAME: {rule}, got {name!r}")
    path = folder / f"{name}.yaml"
    if path.exists() and not force:
        raise InputError(f"NAME: {path} exists; choose another name, or replace it: --force")
    return name


def _dump(key: str, value: Any) -> str:
    stream = io.StringIO()
    yaml = YAML()
    yaml.width = _WIDTH
    yaml.allow_unicode = True
    yaml.indent(mapping=2, sequence=4, offset=2)
    yaml.dump(CommentedMap({key: _styled(value, depth=0)}), stream)
    return stream.getvalue()


def _styled(value: Any, depth: int) -> Any:
    """Return lists of numbers, and short ones, in one line; everything else line by line."""
    if not isinstance(value, dict | list):
        return value
    inside = list(value.values()) if isinstance(value, dict) else value
    in_a_line = not any(isinstance(each, dict | list) for each in inside)
    styled: CommentedMap | CommentedSeq
    if isinstance(value, dict):
        styled = CommentedMap({key: _styled(each, depth + 1) for key, each in value.items()})
        in_a_line = in_a_line and depth == 0
    else:
        styled = CommentedSeq([_styled(each, depth + 1) for each in value])
        in_a_line = in_a_line and (len(value) <= _IN_A_LINE or not any(isinstance(each, str) for each in value))
    if in_a_line:
        styled.fa.set_flow_style()
    return styled
