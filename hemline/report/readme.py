"""Sections of ``README.md`` that a command writes between two markers, so that no result is typed by hand."""

from pathlib import Path

from hemline.errors import InputError


def rewrite(path: Path, section: str, content: str) -> bool:
    """Replace the text between ``<!-- section:begin -->`` and ``<!-- section:end -->``; return whether the file
    changed.

    Raises:
        InputError: the file is missing, or does not have each marker once, in order.
    """
    begin, end = f"<!-- {section}:begin -->", f"<!-- {section}:end -->"
    try:
        text = path.read_text()
    except FileNotFoundError:
        raise InputError(f"{path}: no such file; run from the top of the repository") from None
    if text.count(begin) != 1 or text.count(end) != 1 or text.index(begin) > text.index(end):
        raise InputError(f"{path}: must have {begin} and, below it, {end}, once each")
    before, rest = text.split(begin)
    _, after = rest.split(end)
    changed = f"{before}{begin}\n\n{content}\n\n{end}{after}"
    if changed == text:
        return False
    path.write_text(changed)
    return True
