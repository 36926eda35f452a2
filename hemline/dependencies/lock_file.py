"""The entries of dvc.lock about code, read in milliseconds without DVC; and the repair of an incomplete file.

DVC writes it in place, from the first line to the last: killed meanwhile, it leaves the beginning, which every command
of DVC then refuses.
"""

import re
from pathlib import Path
from typing import Any

from hemline.dependencies.contents import digest, is_code, read

LOCK_FILE = Path("dvc.lock")
_ASIDE = Path(".hemline/dvc.lock.damaged")
_DEPENDENCY = re.compile(r"^    - path: (.+)\n      hash: md5\n      md5: (\S+)$", re.MULTILINE)
# The outputs of a stage, which end its entry, and the last one the file.
_END = re.compile(r"(    - path: .+\n      hash: md5\n      md5: \S{32,}\n      size: \d+\n(      nfiles: \d+\n)?)+")
_CONFLICT = re.compile(r"^(<<<<<<<|>>>>>>>) ", re.MULTILINE)

Entry = dict[str, Any]  # a stage's


def code_is_as_recorded(text: str) -> bool:
    """Say whether all code that dvc.lock names has the digests that it names."""
    return all(digest(path, read(path)) == md5 for path, md5 in set(_DEPENDENCY.findall(text)) if is_code(path))


def entries(text: str) -> dict[str, Entry]:
    """Return the entry of each stage; none of a text that is no dvc.lock, nor those that DVC would refuse."""
    from ruamel.yaml import YAML  # noqa: PLC0415 - where no code was edited, nothing needs it
    from ruamel.yaml.error import YAMLError  # noqa: PLC0415

    try:
        found = YAML(typ="safe").load(text)
    except YAMLError:
        return {}
    stages = found.get("stages") if isinstance(found, dict) else None
    return {name: entry for name, entry in stages.items() if _is_entry(entry)} if isinstance(stages, dict) else {}


def _is_entry(entry: object) -> bool:
    if not isinstance(entry, dict) or "cmd" not in entry:
        return False
    parts = [entry.get(key, []) for key in ("deps", "outs")]
    files = [file for part in parts if isinstance(part, list) for file in part]
    return all(isinstance(part, list) for part in parts) and all(
        isinstance(file, dict) and "path" in file for file in files
    )


def committed_lock() -> str:
    """Return the last commit's dvc.lock, or nothing."""
    from hemline.dependencies.history import git  # noqa: PLC0415 - where no code was edited, nothing needs it

    return git("show", f"HEAD:./{LOCK_FILE}").decode(errors="replace")


def is_damaged(text: str) -> bool:
    """Say whether DVC would refuse dvc.lock, for another reason than a merge that is not settled."""
    if _END.fullmatch(text.rpartition("\n    outs:\n")[2]) or _CONFLICT.search(text):
        return False
    if not text.endswith("\n"):
        return True
    from dvc.dvcfile import Lockfile  # noqa: PLC0415 - takes half a second, and dvc.lock is rarely damaged
    from dvc.exceptions import DvcException  # noqa: PLC0415
    from dvc.repo import Repo  # noqa: PLC0415

    try:
        with Repo() as repo:
            Lockfile(repo, str(LOCK_FILE)).load()
    except DvcException:
        return True
    return False


def mend() -> str:
    """Replace dvc.lock by the last commit's, or remove it, keep it aside, and return what DVC has to start from.

    Nothing is trained again: what is newer than that commit, DVC finds in its run-cache.
    """
    _ASIDE.parent.mkdir(exist_ok=True)
    committed = committed_lock()
    if not entries(committed):
        LOCK_FILE.replace(_ASIDE)
        return ""
    _ASIDE.write_bytes(LOCK_FILE.read_bytes())
    draft = LOCK_FILE.with_name(f".draft-{LOCK_FILE}")
    draft.write_text(committed)
    draft.replace(LOCK_FILE)
    return committed
