"""The claims table in ``README.md``, between two markers, written by the command so that it is never typed."""

from pathlib import Path

from hemline.errors import InputError

BEGIN, END = "<!-- claims:begin -->", "<!-- claims:end -->"


def rewrite(path: Path, content: str) -> bool:
    """Replace what stands between the markers of a file.

    Args:
        path: the file.
        content: without a newline at the end.

    Returns:
        Whether the file changed.

    Raises:
        InputError: the file is missing, or has not each marker once, in order.
    """
    try:
        text = path.read_text()
    except FileNotFoundError:
        raise InputError(f"{path}: no such file; run from the top of the repository") from None
    if text.count(BEGIN) != 1 or text.count(END) != 1 or text.index(BEGIN) > text.index(END):
        raise InputError(f"{path}: must have {BEGIN} and, below it, {END}, once each")
    before, rest = text.split(BEGIN)
    _, after = rest.split(END)
    changed = f"{before}{BEGIN}\n\n{content}\n\n{END}{after}"
    if changed == text:
        return False
    path.write_text(changed)
    return True
