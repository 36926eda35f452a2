"""The code of the stage that runs in this process: what it was when the stage began.

DVC takes the digests of dependencies when a stage has ended (its issue 11058), so that code that was edited meanwhile
would be recorded as what made the results.
"""

import os
from hashlib import sha256
from pathlib import Path

from ruamel.yaml import YAML

import hemline
from hemline.dependencies.contents import Contents, digest, is_code, read
from hemline.errors import InputError

# Where this code lies.
_ROOT = Path(hemline.__file__).parent.parent
_at_start: dict[str, Contents] = {}  # by dependency


def code_of(stage: str, root: Path = _ROOT) -> list[str]:
    """Return what dvc.yaml, in the folder ``root``, names as the code of a stage; nothing where it names none."""
    pipeline = root / "dvc.yaml"
    found = YAML(typ="safe").load(pipeline)["stages"].get(stage, {}) if pipeline.exists() else {}
    return [path for path in found.get("do", found).get("deps", ()) if is_code(path)]


def code_digest(*paths: str) -> str:
    """Return SHA-256 of the code that this process runs of files and folders, whatever folder it was started in."""
    digests = [digest(str(_ROOT / path), read(str(_ROOT / path))) for path in paths]
    return sha256("".join(digests).encode()).hexdigest()


def remember_code() -> None:
    """Read what dvc.yaml names as the code of this stage, if DVC runs one; before any of it is imported."""
    if stage := os.environ.get("DVC_STAGE", "").partition("@")[0]:
        _at_start.update((path, read(path)) for path in code_of(stage, Path()))


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
