"""A recording of a command's terminal output, drawn as a picture."""

import io
import os
import pty
import re
import subprocess
import tempfile
import termios
from collections.abc import Sequence

from rich.console import Console
from rich.text import Text

from hemline.errors import InputError
from hemline.processes.dvc import environment

WIDTH = 100  # columns
_ERASE = "\x1b[2K"
# How rich takes a bar back that is no longer needed.
_TAKEN_BACK = re.compile(r"\r?\n\r\x1b\[1A\x1b\[2K")
_FONTS = re.compile(r"@font-face \{.*?\}\s*", re.DOTALL)


def record(command: Sequence[str]) -> str:
    """Run a command on a terminal of its own, and return all that it was sent there.

    Standard error is not: it is where DVC draws bars of its own, which are gone a moment later.

    Raises:
        InputError: the command failed; the message ends with what it said last.
    """
    terminal, inside = pty.openpty()
    termios.tcsetwinsize(inside, (50, WIDTH))
    surroundings = environment() | {"TERM": "xterm-256color", "COLUMNS": str(WIDTH)}
    with tempfile.TemporaryFile("w+") as errors, os.fdopen(terminal, "rb", buffering=0) as output:
        process = subprocess.Popen(command, stdin=inside, stdout=inside, stderr=errors, env=surroundings)
        os.close(inside)
        shown = _read(output)
        if process.wait():
            errors.seek(0)
            said = (errors.read().strip() or "\n".join(lines(shown)).strip()).splitlines()[-1:]
            raise InputError(f"{' '.join(command)}: failed, and said last: {''.join(said)}")
    return shown


def _read(output: io.RawIOBase) -> str:
    """Read a terminal until nobody has it open any more, which Linux tells as an error."""
    shown = b""
    try:
        while piece := output.read(65536):
            shown += piece
    except OSError:
        pass
    return shown.decode(errors="replace")


def until(shown: str, bar: str, share: float) -> str | None:
    """Return a recording up to the moment at which a bar was nearest to a share of its way; None without such a bar.

    Args:
        shown: from ``record``.
        bar: a regular expression for the bar, without colours; its two groups are what was done, and the whole.
        share: in [0, 1].
    """
    moments = []
    for drawn in re.finditer(r"\x1b\[2K[^\r\n]*", shown):
        if found := re.search(bar, Text.from_ansi(drawn[0]).plain):
            done, whole = (float(number.replace(",", "")) for number in found.groups())
            moments.append((abs(done / whole - share), drawn.end()))
    return shown[: min(moments)[1]] if moments else None


def lines(shown: str) -> list[str]:
    """Return the lines that stand on the terminal in the end, with their colours: of those that changed, the last."""
    text = _TAKEN_BACK.sub(_ERASE, shown)
    return [line.rstrip("\r").rpartition(_ERASE)[2] for line in text.split("\n")]


def svg(title: str, shown: Sequence[str]) -> str:
    """Draw lines of a terminal as an SVG picture, which loads no font from anywhere.

    Args:
        title: of the window.
        shown: from ``lines``.
    """
    console = Console(record=True, width=WIDTH, file=io.StringIO(), force_terminal=True)
    for line in shown:
        console.print(Text.from_ansi(line), overflow="ellipsis", no_wrap=True)
    drawn = console.export_svg(title=title, unique_id="terminal")
    return _FONTS.sub("", drawn).replace("Fira Code", "ui-monospace, Menlo, Consolas, DejaVu Sans Mono")
