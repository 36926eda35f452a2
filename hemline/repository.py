"""The main repository, also for a stage that DVC runs in a temporary copy of it."""

import os
from pathlib import Path


def repository() -> Path:
    """Return the root of the main repository, as DVC passes it to its stages, or the current folder."""
    return Path(os.environ.get("DVC_ROOT", ".")).resolve()
