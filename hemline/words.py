"""Numbers and lists as they are printed."""

import math
import re
import unicodedata
from collections.abc import Collection, Iterable, Sequence
from itertools import islice


def signed(value: float, digits: int = 2) -> str:
    """Write a number with its sign (a true minus, not a hyphen); what rounds to nothing has none."""
    text = f"{abs(value):.{digits}f}"
    if float(text) == 0:
        return text
    return ("+" if value > 0 else "\N{MINUS SIGN}") + text


def percent(share: float, digits: int = 2) -> str:
    """Write a share as per cent, without the sign; nothing for NaN."""
    return "" if math.isnan(share) else f"{100 * same(share):.{digits}f}"


def same(value: float) -> float:
    """Return one value for all that differ only by the order of sums, so that they are rounded alike when printed."""
    return round(value, 9)


def counted_images(test_images: int, groups: int) -> str:
    """Count the test images, or the groups of them that count as one: "200 groups (2,000 test images)".

    Args:
        test_images: how many there are.
        groups: how many groups they make; 0 where each is one by itself.
    """
    images = f"{test_images:,} test image{'' if test_images == 1 else 's'}"
    return f"{groups:,} groups ({images})" if groups else images


def word_set(text: str) -> frozenset[str]:
    """Return the words of a text: a set of many that can be read in some lines."""
    return frozenset(text.split())


def listed(parts: Sequence[str]) -> str:
    """Join the parts that are not empty: "a", "a and b", "a, b and c"."""
    *rest, last = [part for part in parts if part] or [""]
    return f"{', '.join(rest)} and {last}" if rest else last


def first_listed(parts: Sequence[str], most: int = 5, count: int | None = None) -> str:
    """Join the first parts, and say how many more there are of ``count``, or of those given: "a, b and 3 more"."""
    rest = (len(parts) if count is None else count) - len(parts[:most])
    return listed([*parts[:most], f"{rest:,} more" if rest else ""])


def first_quoted(names: Collection[str], most: int = 8) -> str:
    """Quote the first names, and say how many more there are: "['a', 'b'] and 3 more"."""
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return f"{[*names][:most]}{more}"


def option(key: str, value: object) -> str:
    """Return the option of `make describe` that gives a key this value, as it is typed: `--option 'aside=[a, b]'`."""
    text = f"{key}={_yaml(value)}"
    return f"`--option {text}`" if re.fullmatch(r"[\w=./-]+(<\w+>)?", text) else f"`--option '{text}'`"


def either(key: str, values: Iterable[object], most: int = 8) -> str:
    """Return the options that give a key one of the first values: `--option key=a` or `--option key=b`."""
    return " or ".join(option(key, value) for value in islice(values, most))


def _yaml(value: object) -> str:
    if isinstance(value, dict):
        return f"{{{', '.join(f'{key}: {_yaml(each)}' for key, each in value.items())}}}"
    if isinstance(value, list):
        return f"[{', '.join(map(_yaml, value))}]"
    return f'"{value}"' if str(value).startswith("*") else str(value)  # or YAML would take it for an alias


def plain_in_markdown(text: str) -> str:
    """Escape what Markdown would take for markup, so that a title or a name in a sentence reads as it is."""
    return re.sub(r"[\\`*_|~]|<(?=[A-Za-z/!?])|\[(?=[^\]]*\][(\[])", r"\\\g<0>", text)


def isolated(name: str) -> str:
    """Wrap a name that is read from right to left, so that it cannot turn the sentence around it."""
    turns = any(unicodedata.bidirectional(letter) in {"R", "AL"} for letter in name)
    return f"\N{FIRST STRONG ISOLATE}{name}\N{POP DIRECTIONAL ISOLATE}" if turns else name
