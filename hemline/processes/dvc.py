"""DVC as a process of its own: with the tools beside this Python, and with the files that git does not know yet."""

import os
import subprocess
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from hemline.errors import InputError

# The code of stages; an experiment's copy has no file of it that git does not know.
_CODE = ("hemline", "stages")


def environment() -> dict[str, str]:
    """Return the environment with the tools beside this Python first, activated or not."""
    return os.environ | {"PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}"}


def check_copies() -> None:
    """Refuse, before anything is done, what DVC would fail at: copies of a folder whose name is not ASCII.

    It writes its cache's folder into the settings of each copy, for `--temp` and `--queue`, and as ASCII only.

    Raises:
        InputError: the cache is in such a folder.
    """
    if str(Path.cwd()).isascii():
        return
    done = subprocess.run(["dvc", "cache", "dir"], capture_output=True, text=True, check=False, env=environment())
    cache = done.stdout.strip()
    if not cache.isascii():
        raise InputError(
            f"{cache}: must be a path in ASCII letters where DVC is to run experiments in copies; rename the folder, "
            "or move the cache, and tell DVC: `dvc cache dir --local <folder>`"
        )


def untracked(datasets: Iterable[str]) -> list[str]:
    """Return those files of an experiment that git does not know: descriptions of data sets by name, and code.

    DVC makes the copies for `--temp` and `--queue` of what git knows: files that are committed, changed or staged.

    Raises:
        InputError: git does not answer.
    """
    # Without the specification's `literal`, git would take stars and brackets of a name for a pattern.
    paths = [f":(literal){path}" for path in [*(f"data/{name}.yaml" for name in datasets), *_CODE]]
    listed = _git("ls-files", "--others", "--exclude-standard", "-z", "--", *paths)
    return [name for name in listed.split("\0") if name]


@contextmanager
def staged(paths: list[str]) -> Iterator[None]:
    """Let git know untracked files for a while; afterwards it knows them as little as before.

    Raises:
        InputError: git refuses.
    """
    if not paths:
        yield
        return
    _git("add", "--", *paths)
    try:
        yield
    finally:
        _git("reset", "--quiet", "--", *paths)


def _git(*arguments: str) -> str:
    try:
        return subprocess.run(["git", *arguments], capture_output=True, text=True, check=True).stdout
    except FileNotFoundError:
        raise InputError("git: is not installed; DVC keeps its experiments in git") from None
    except subprocess.CalledProcessError as error:
        said = (error.stderr.strip() or "nothing").splitlines()[-1]
        raise InputError(f"git {arguments[0]}: failed, and said last: {said}") from None
