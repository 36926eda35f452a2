"""Figures drawn in parallel on all cores, and cached by their inputs.

A figure is a pure function of its inputs, so a cached one is reused: after an edit of one variant, the figures of the
others, also in the copy of the repository that DVC makes for an experiment.
"""

import importlib.metadata
import io
import os
import sys
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

import joblib
from PIL import Image

from hemline import words
from hemline.comparison import confusion
from hemline.processes.helper import helper_process
from hemline.report import calibration_plot, cost_plot, excerpt, expected_plot, labels, pair_plot, plots, tuning
from hemline.report import figures as list_of_figures
from hemline.report.figures import ReportFigure

# The code and libraries that determine a figure's bytes, besides its inputs.
MODULES = (
    *(calibration_plot, confusion, cost_plot, excerpt, expected_plot, labels, list_of_figures, pair_plot, plots),
    *(tuning, words),
)
LIBRARIES = ("matplotlib", "numpy", "pandas", "pillow")
# About 50 KB each; the least recently used are deleted.
_KEPT = 500


def draw(figures: Mapping[str, ReportFigure], drawn: Path | None = None) -> dict[str, bytes]:
    """Draw figures, or read them from the cache; returns the bytes of PNG files by name, in order.

    Args:
        figures: by name.
        drawn: the cache, a folder of figures by their inputs; missing or damaged ones are drawn and added. None: draw
            all figures, without a cache.
    """
    if drawn is None:
        return dict(zip(figures, _draw(list(figures.values())), strict=True))
    paths = {name: drawn / f"{_digest(figure)}.png" for name, figure in figures.items()}
    known = {name: png for name, path in paths.items() if (png := _read(path)) is not None}
    missing = [name for name in figures if name not in known]
    for name, png in zip(missing, _draw([figures[name] for name in missing]), strict=True):
        known[name] = png
        _write(paths[name], png)
    _forget_the_oldest(drawn)
    return {name: known[name] for name in figures}


def _draw(figures: list[ReportFigure]) -> list[bytes]:
    count = min(joblib.cpu_count(), len(figures))
    if count < 2 or sys.platform != "linux":  # noqa: PLR2004 - one needs no helper; elsewhere, fork is not safe
        return [figure.png() for figure in figures]
    # Forked, because importing matplotlib again would take longer than drawing a figure.
    with helper_process(count, "fork") as helpers:
        return list(helpers.map(ReportFigure.png, figures))


def _digest(figure: ReportFigure) -> str:
    """Return a digest of everything that determines the figure's bytes."""
    code = [Path(str(module.__file__)).read_bytes() for module in MODULES]
    versions = [importlib.metadata.version(library) for library in LIBRARIES]
    inputs = (figure.draw.func.__name__, figure.draw.args, figure.draw.keywords, figure.photograph)
    return str(joblib.hash((inputs, code, versions), hash_name="sha1"))


def _read(path: Path) -> bytes | None:
    """Return a cached figure, or None if it is missing or damaged."""
    try:
        content = path.read_bytes()
        with Image.open(io.BytesIO(content)) as image:
            image.verify()  # by the checksums that PNG has
        os.utime(path)
    except (OSError, SyntaxError, ValueError):  # Pillow raises any of them for damaged files
        return None
    return content


def _write(path: Path, content: bytes) -> None:
    """Write a figure atomically; if that fails, the next report draws it again."""
    draft = path.with_suffix(".draft")
    with suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        draft.write_bytes(content)
        draft.replace(path)


def _forget_the_oldest(drawn: Path) -> None:
    with suppress(OSError):  # another process was faster
        ages = sorted(((path.stat().st_mtime, path) for path in drawn.iterdir()), reverse=True)
        for _, path in ages[_KEPT:]:
            path.unlink()
