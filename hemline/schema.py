"""Validated models from YAML files: strict types, and one line for the first rule that is broken."""

import sys
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from reprlib import Repr
from typing import Annotated, Any, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, ValidationError
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from hemline.errors import InputError

NAME_PATTERN = r"^[a-z0-9][a-z0-9-]*$"

# Names become names of files.
Name = Annotated[str, StringConstraints(pattern=NAME_PATTERN, max_length=64)]
Text = Annotated[str, StringConstraints(min_length=1)]


# Of several signs one: families among emoji, and words of Persian and Hindi, are written with them.
_JOINERS = str.maketrans("", "", "\N{ZERO WIDTH JOINER}\N{ZERO WIDTH NON-JOINER}")


def is_printable(text: str) -> bool:
    """Say whether ``text`` is a line that shows what it says: no control characters, no change of direction."""
    return text.translate(_JOINERS).isprintable()


def _check_printable(text: str) -> str:
    if not is_printable(text):
        raise ValueError("must be a line of printable characters")
    return text


# What is shown in tables and on the terminal: control characters could end a row, or command the terminal.
Label = Annotated[Text, AfterValidator(_check_printable)]
Count = Annotated[int, Field(ge=1, lt=2**31)]
M = TypeVar("M", bound=BaseModel)


class StrictModel(BaseModel):
    """Strict types, no unknown keys, no change after validation."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


def read_yaml(path: Path) -> Any:
    """Return the contents of a YAML 1.2 file (the dialect that DVC reads ``params.yaml`` in).

    Raises:
        InputError: the file is missing or is not YAML.
    """
    try:
        return YAML(typ="safe", pure=True).load(path)
    except FileNotFoundError:
        raise InputError(f"{path}: no such file; run from the top of the repository") from None
    except OSError as error:
        raise InputError(f"{path}: cannot be read: {error.strerror}") from None
    except (YAMLError, ValueError, LookupError, TypeError, AttributeError, RecursionError) as error:
        # Of `2024-13-45`, `!!bool maybe` or a thousand brackets, Python's own errors come through.
        raise InputError(f"{path}: is not YAML: {_one_line(error)}") from None


def parse(model: type[M], values: Any, source: Path, advice: Mapping[str, str] | None = None, *, tagged: str = "") -> M:
    """Validate ``values`` as a ``model``; the first broken rule becomes one ``InputError`` line.

    Args:
        model: what the values are to be.
        values: as YAML gives them.
        source: the file, for the message.
        advice: by unknown key, the rule for whoever expects it to be known.
        tagged: the key of a mapping whose values are of several models; a message then leaves out which one.

    Raises:
        InputError: the key, the rule, the value received.
    """
    if not isinstance(values, dict):
        raise InputError(f"{source}: must be a mapping of keys to values, got {_shown(values)}")
    try:
        return model.model_validate(values)
    except ValidationError as error:
        raise InputError(f"{source}: {_first_line(error, advice or {}, tagged)}") from None


def _first_line(error: ValidationError, advice: Mapping[str, str], tagged: str) -> str:
    errors = error.errors()
    # A key that is not known says more than one that is missing: it may be meant for another model.
    first = next((each for each in errors if each["type"] == "extra_forbidden"), errors[0])
    parts = list(first["loc"])
    if parts[:1] == [tagged] and "[key]" not in parts:
        del parts[2:3]
    key = _cut(_one_line(".".join(str(part) for part in parts if part != "[key]")), 100)
    message = first["msg"].removeprefix("Value error, ")
    if first["type"] == "value_error" and not key:
        return _one_line(message)
    if first["type"] == "extra_forbidden":
        rule = "is not a known key; remove it or correct its spelling"
        return f"{key}: {advice.get(str(first['loc'][-1]), rule)}, got {_shown(first['input'])}"
    if first["type"] == "missing":
        return f"{key}: is required, but missing"
    # What YAML takes for a number, a truth value or a day.
    quoted = first["type"] == "string_type" and isinstance(first["input"], bool | int | float | date)
    remedy = "; put it in quotes" if quoted else ""
    return f"{key}: {message[0].lower()}{message[1:]}, got {_shown(first['input'])}{remedy}"


class _Shortened(Repr):
    def repr_int(self, x: int, level: int) -> str:
        # Python refuses to write more digits than this, and a hexadecimal number of YAML may have them.
        limit = sys.get_int_max_str_digits()
        if limit and x.bit_length() > 3 * limit:
            return f"a number of {x.bit_length()} bits"
        return super().repr_int(x, level)


def _shown(value: Any) -> str:
    """Return the value received, short enough for a line."""
    shortened = _Shortened()
    shortened.maxstring = shortened.maxother = shortened.maxlong = 100
    return _cut(shortened.repr(value), 200)


def _one_line(text: object) -> str:
    """Return ``text`` short, and without line breaks or commands to the terminal, which YAML may have."""
    words = " ".join(str(text).split())
    return _cut("".join(char if char.isprintable() else repr(char)[1:-1] for char in words), 350)


def _cut(text: str, longest: int) -> str:
    return text if len(text) <= longest else f"{text[:longest]} ..."
