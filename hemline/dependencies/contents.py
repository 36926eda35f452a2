"""The files of a dependency, and the digest that DVC gives them.

A file has the MD5 of its bytes; a folder, that of a JSON list of its files' digests and names.
"""

import json
import os
from collections.abc import Mapping
from hashlib import md5
from pathlib import Path

Contents = Mapping[str, bytes]  # by path from the top of the repository


def is_code(path: str) -> bool:
    """Say whether a dependency is code: a Python file, or what lies in a package that stages run."""
    return path.endswith(".py") or path.partition("/")[0] in {"builders", "hemline", "stages"}


def read(path: str) -> Contents:
    """Read a file, or all files of a folder but Python's own; nothing where there is none."""
    files = [path] if Path(path).is_file() else []
    for folder, folders, names in os.walk(path):
        folders[:] = [name for name in folders if name != "__pycache__"]
        files += [f"{folder}/{name}" for name in names]
    return {file: Path(file).read_bytes() for file in files}


def digest(path: str, contents: Contents) -> str:
    """Return what dvc.lock holds of the file or the folder ``path`` with these ``contents``; "" for none."""
    if path in contents:
        return _md5(contents[path])
    listed = [{"md5": _md5(contents[name]), "relpath": name.removeprefix(f"{path}/")} for name in contents]
    listed.sort(key=lambda each: each["relpath"])
    return f"{_md5(json.dumps(listed, sort_keys=True).encode())}.dir" if listed else ""


def _md5(content: bytes) -> str:
    return md5(content, usedforsecurity=False).hexdigest()
