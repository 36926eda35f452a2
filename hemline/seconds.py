"""How long each stage took when DVC last ran it to its end here: what `make plan-run` reckons with."""

import os
import time
from contextlib import suppress

from hemline.repository import repository

_STARTED = time.monotonic()


def note_seconds() -> None:
    """Keep how long this process has lived, if it is a stage that DVC runs."""
    stage = os.environ.get("DVC_STAGE")
    if stage is None:
        return
    with suppress(OSError):  # nothing depends on it
        path = repository() / ".hemline/seconds" / stage
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"{time.monotonic() - _STARTED:.1f}\n")


def noted_seconds(stage: str) -> float | None:
    """Return how long a stage took, or None."""
    try:
        return float((repository() / ".hemline/seconds" / stage).read_text())
    except (OSError, ValueError):
        return None
