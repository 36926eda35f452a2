"""The code of the stage that runs in this process: what it was when the stage began.

DVC takes the digests of dependencies when a stage has ended (its issue 11058), so that code that was edited meanwhile
would be recorded as what made the results.
"""

import os
from pathlib import Path

from ruamel.yaml import YAML

from hemline.dependencies.contents import Contents, is_code, read
from hemline.errors import InputError

_PIPELINE = Path("dvc.yaml")
_at_start: dict[str, Contents] = {}  # by dependency


def remember_code() -> None:
    """Read what dvc.yaml names as the code of this stage, if DVC runs one; before any of it is imported."""
    stage = os.environ.get("DVC_STAGE", "").partition("@")[0]
    if stage and _PIPELINE.exists():
        found = YAML(typ="safe").load(_PIPELINE)["stages"].get(stage, {})
        _at_start.update((path, read(path)) for path in found.get("do", found).get("deps", ()) if is_code(path))


def changed_code() -> list[str]:
    """Return the files of the code that mean something else than when the stage began."""
    edited = {path: now for path, then in _at_start.items() if (now := read(path)) != then}
    if not edited:
        return []
    from hemline.dependencies.meaning import changed  # noqa: PLC0415 - rarely needed

    return [file for path, now in edited.items() for file in changed(_at_start[path], now)]


def check_code_unchanged() -> None:
    """Refuse to end a stage whose code was edited since it began, comments, docstrings and formatting aside.

    Raises:
        InputError: it was.
    """
    if files := changed_code():
        raise InputError(
            f"{files[0]}: must mean the same as long as a stage runs, but was edited; nothing of it is passed on, and "
            "`dvc repro` runs it again"
        )
