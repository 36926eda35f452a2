"""When `equivalence_margin` was committed, as far as Git's history knows: a margin counts if stated before looking."""

import re

from hemline.dependencies.history import git

_LINE = r"^equivalence_margin:"


def committed(margin: float) -> str:
    """Say which commit last changed the margin, and on which day; or that none has set it to this value."""
    head = re.search(rf"{_LINE}\s*([^\s#]+)", git("show", "HEAD:./params.yaml").decode(errors="replace"), re.MULTILINE)
    found = git("log", "-1", "--format=%h of %as", f"-G{_LINE}", "--", "params.yaml").decode().strip()
    stated = f"The equivalence margin {margin:g}"
    if not found or head is None or not _is(head[1], margin):
        return f"{stated} is not committed: commit it before you look at results."
    return f"{stated} was committed in {found}."


def _is(text: str, margin: float) -> bool:
    try:
        return float(text) == margin
    except ValueError:
        return False
