"""DVC as a process of its own: with the tools beside this Python, and with the files that git does not know yet.

A git or a DVC that does not answer, or refuses, is an ``InputError``.
"""

import json
import os
import subprocess
import sys
from collections.abc import Iterable, Iterator
from configparser import ConfigParser
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from hemline.errors import InputError
from hemline.repository import repository

# The code of stages; an experiment's copy has no file of it that git does not know.
_CODE = ("hemline", "stages")


def environment() -> dict[str, str]:
    """Return the environment with the tools beside this Python first, activated or not."""
    return os.environ | {"PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}"}


def run_dvc(*arguments: str) -> None:
    """Run DVC, and end with its status if that is none of success: it has said why."""
    if status := subprocess.run(["dvc", *arguments], check=False, env=environment()).returncode:
        sys.exit(status)


def dvc_json(*arguments: str) -> Any:
    """Return what a command of DVC's answers with ``--json``; end with its status if it fails."""
    command = ["dvc", *arguments, "--json"]
    done = subprocess.run(command, check=False, env=environment(), stdout=subprocess.PIPE, text=True)
    if done.returncode:
        sys.exit(done.returncode)
    try:
        return json.loads(done.stdout)
    except ValueError:
        raise unknown_form(*arguments) from None


def unknown_form(*arguments: str) -> InputError:
    """Return the error that a command of DVC's answers in another form than it did."""
    command = " ".join(("dvc", *arguments))
    return InputError(f"{command} --json: answers in an unknown form; see `{command}`")


def check_copies() -> None:
    """Refuse, before anything is done, what DVC would fail at in the copies for `--temp` and `--queue`.

    It writes its cache's folder into the settings of each copy, as ASCII only; and of a shallow clone, it keeps no
    experiment, and says that all went well.
    """
    _refuse_shallow_clone(Path.cwd())
    if str(Path.cwd()).isascii():
        return
    cache = output("dvc", "cache", "dir").strip()
    if not cache.isascii():
        raise InputError(
            f"{cache}: must be a path in ASCII letters, because DVC runs these experiments in copies; "
            "rename the folder, or move the cache and set its location: `dvc cache dir --local <folder>`"
        )


def refuse_copy_of_shallow_clone() -> None:
    """Refuse to continue in a copy that DVC made of a shallow clone, because DVC would keep no results of it.

    Raises:
        InputError: says how to bring the history.
    """
    if repository() != Path.cwd().resolve():
        _refuse_shallow_clone(repository())


def _refuse_shallow_clone(clone: Path) -> None:
    if output("git", "-C", str(clone), "rev-parse", "--is-shallow-repository").strip() == "true":
        raise InputError(
            "git: the clone must have its history, but is shallow, and DVC keeps no experiment of such a clone; "
            "run `git fetch --unshallow`"
        )


def warn_of_relative_remotes(folder: Path) -> None:
    """Say once, on standard error, which of DVC's remotes are relative folders: experiments are pushed elsewhere."""
    settings = ConfigParser(interpolation=None, strict=False)
    settings.read([folder / ".dvc/config", folder / ".dvc/config.local"], encoding="utf-8")
    urls = {each: settings[each].get("url", "/") for each in settings.sections() if each.startswith("'remote ")}
    names = [each.split('"')[1] for each, url in urls.items() if "://" not in url and not Path(url).is_absolute()]
    noted = folder / ".hemline/relative-remotes"
    if names and (not noted.exists() or noted.read_text() != " ".join(names)):
        print(
            f"warning: DVC's remote {', '.join(names)}: is a relative folder, which `dvc exp push` takes for one from "
            "the root of the file system; give its absolute path: `dvc remote modify NAME url /path/to/folder`",
            file=sys.stderr,
        )
        noted.parent.mkdir(exist_ok=True)
        noted.write_text(" ".join(names))


def untracked(datasets: Iterable[str]) -> list[str]:
    """Return those files of an experiment that git does not know: descriptions of data sets by name, and code.

    DVC makes the copies for `--temp` and `--queue` of what git knows: files that are committed, changed or staged.
    """
    # Without the specification's `literal`, git would take stars and brackets of a name for a pattern.
    paths = [f":(literal){path}" for path in [*(f"data/{name}.yaml" for name in datasets), *_CODE]]
    listed = output("git", "ls-files", "--others", "--exclude-standard", "-z", "--", *paths)
    return [name for name in listed.split("\0") if name]


@contextmanager
def staged(paths: list[str]) -> Iterator[None]:
    """Let git know untracked files for a while; afterwards it knows them as little as before."""
    if not paths:
        yield
        return
    output("git", "add", "--", *paths)
    try:
        yield
    finally:
        output("git", "reset", "--quiet", "--", *paths)


def output(*command: str) -> str:
    """Return what a command of git's or DVC's prints.

    One that is not installed, or fails, is an ``InputError``, which ends with what it said last.
    """
    try:
        return subprocess.run(command, capture_output=True, text=True, check=True, env=environment()).stdout
    except FileNotFoundError:
        raise InputError(f"{command[0]}: is not installed; DVC keeps its experiments in git") from None
    except subprocess.CalledProcessError as error:
        said = (error.stderr.strip() or error.stdout.strip() or "nothing").splitlines()[-1]
        raise InputError(f"{' '.join(command[:2])}: failed, and said last: {said}") from None
