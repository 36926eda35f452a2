"""Durations of stages and trainings when they last ran here, for `make plan-run`, `make plan` and `make costs`."""

import os
import time
from contextlib import suppress

from hemline.repository import repository

_STARTED = time.monotonic()


def note_seconds() -> None:
    """Keep how long this process has lived, if it is a stage that DVC runs."""
    stage = os.environ.get("DVC_STAGE")
    if stage is not None:
        note_duration(stage, time.monotonic() - _STARTED)


def note_duration(name: str, seconds: float) -> None:
    """Keep the duration of a stage, or of a training of ``training@<variant>``."""
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
