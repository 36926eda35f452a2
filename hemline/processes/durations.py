"""Durations of stages and trainings when they last ran here, for `make plan-run`, `make plan` and `make costs`."""

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from hemline.repository import repository

_STARTED = time.monotonic()


@contextmanager
def timed() -> Iterator[None]:
    """Note how long this process has lived when the block succeeds, if it is a stage that DVC runs."""
    yield
    note_duration(os.environ.get("DVC_STAGE", ""), time.monotonic() - _STARTED)


def note_duration(name: str, seconds: float) -> None:
    """Note the duration of a stage, or of a training as ``training@<variant>``, in a stage that DVC runs."""
    if "DVC_STAGE" not in os.environ:
        return
    with suppress(OSError):  # nothing depends on it
        path = repository() / ".hemline/seconds" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"{seconds:.2f}\n")


def noted_seconds(name: str) -> float | None:
    """Return the duration that was noted last, or None."""
    try:
        return float((repository() / ".hemline/seconds" / name).read_text())
    except (OSError, ValueError):
        return None
