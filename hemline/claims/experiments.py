"""Running the claims' settings as DVC experiments on the pipeline's own stages, in copies beside the workspace.

An experiment that is there, with these parameters and this code, is not run again. One that was interrupted is started
anew, and DVC restores its finished stages from the cache. The files of the workspace are left as they are.
"""

import fcntl
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from ruamel.yaml import YAML

from hemline.claims.file import Claims
from hemline.claims.progress import Display, settings
from hemline.errors import InputError
from hemline.params import Params, parse_params

# The page is written from what these hand on; the look of an experiment's own report may change.
_UNUSED_STAGE = "report"
# Seconds that an interrupted training has to say goodbye to MLflow.
_GRACE = 20
_LAST_LINES = 15


def run_all(claims: Claims) -> dict[str, str]:
    """Run the experiments that are missing or out of date, and return the revision of each by its name.

    Raises:
        InputError: an experiment failed.
    """
    with alone(lambda: print("Another process is training the claims; waiting for its end", flush=True)) as lock:
        remove_leftovers(list(claims.experiments))
        revisions = {name: current_revision(name, claims.params(name)) or "" for name in claims.experiments}
        missing = [name for name, revision in revisions.items() if not revision]
        start = time.monotonic()
        with Display([setting for name in missing for setting in settings(claims, name)]) as display:
            for name in missing:
                display.begin(name)
                revisions[name] = run_experiment(name, claims.values(name), lock, display.receive)
        if missing:
            print(f"{len(missing)} experiments in {(time.monotonic() - start) / 60:.1f} minutes", flush=True)
    return revisions


def current_revision(name: str, params: Params) -> str | None:
    """Return the Git revision of the experiment ``name`` that was run with ``params`` and the present code, or None."""
    for revision in _revisions(name):
        if _params_of(revision) == params and not _changed_since(revision):
            return revision
    return None


def run_experiment(name: str, values: Mapping[str, Any], lock: IO[str], on_line: Callable[[str], None]) -> str:
    """Run the five stages with ``values`` as the DVC experiment ``name``, in a temporary copy, and return its revision.

    Args:
        name: of the experiment; one of this name on the same commit is replaced.
        values: all keys of params.yaml; nothing of the workspace's own is taken over.
        lock: from ``alone``; DVC inherits it, so that it stays held should this process be killed.
        on_line: is given each line that DVC and the stages print.

    Raises:
        InputError: the experiment failed; the message ends with what was printed last.
    """
    if _revisions(name, only_head=True):
        subprocess.run(["dvc", "exp", "remove", "--quiet", name], check=True)
    options = [option for override in overrides(values) for option in ("-S", override)]
    last: list[str] = []
    with _started(["dvc", "exp", "run", "--temp", "--name", name, *options], lock) as process:
        assert process.stdout is not None  # noqa: S101 - it is a pipe
        for line in process.stdout:
            last = [*last, line.rstrip()][-_LAST_LINES:]
            on_line(line.rstrip())
    revisions = _revisions(name, only_head=True)
    if process.returncode or not revisions:
        raise InputError(f"{name}: `dvc exp run` failed; it said last:\n" + "\n".join(line for line in last if line))
    return revisions[0]


def overrides(values: Mapping[str, Any]) -> list[str]:
    """Return parameters as DVC's ``-S`` options, which replace every key of params.yaml, and all of its variants."""
    rest = {key: value for key, value in values.items() if key not in {"variants", "normalize"}}
    nested = {f"normalize.{key}": value for key, value in values["normalize"].items()}
    changes = [f"++{key}={_literal(value)}" for key, value in (rest | nested).items()]
    # An override of a mapping merges with what is there.
    return [*changes, "~variants", f"+variants={_literal(values['variants'])}"]


def _literal(value: Any) -> str:
    """Write a value in Hydra's grammar: JSON, but names are bare."""
    if isinstance(value, dict):
        return "{" + ",".join(f"{key}:{_literal(each)}" for key, each in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(_literal, value)) + "]"
    return value if isinstance(value, str) else json.dumps(value)


@contextmanager
def alone(on_wait: Callable[[], None]) -> Iterator[IO[str]]:
    """Hold the lock of the repository's claims; wait, after a call of ``on_wait``, for another process that does."""
    path = Path(".hemline") / "claims.lock"
    path.parent.mkdir(exist_ok=True)
    with path.open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            on_wait()
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield lock


def remove_leftovers(names: list[str]) -> None:
    """Delete the copies that DVC made for these experiments and, because it was killed, did not delete itself."""
    for info in Path(".dvc/tmp/exps/standalone/run").glob("*/*.run"):
        try:
            values = json.loads(info.read_text())
        except ValueError:  # killed while it was written
            continue
        folder = Path(values.get("root_dir") or ".")
        # Only what DVC itself put there: never a path that merely stands in a file.
        if values.get("name") in names and folder.parent.name == "standalone" and folder.is_dir():
            shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _started(command: list[str], lock: IO[str]) -> Iterator[subprocess.Popen[str]]:
    """Start a command in a process group of its own, which ends with the block whatever happens in it."""
    process = subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        pass_fds=[lock.fileno()],
        start_new_session=True,
        env=os.environ | {"PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}"},
    )
    try:
        yield process
        process.wait()
    except BaseException:
        # As Ctrl-C would: the trainings mark their runs as ended. A copy that DVC leaves is deleted by the next start.
        os.killpg(process.pid, signal.SIGINT)
        try:
            process.communicate(timeout=_GRACE)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.communicate()
        raise


def _revisions(name: str, *, only_head: bool = False) -> list[str]:
    """Return the revisions of all experiments of this name, those of the present commit first."""
    head = _git("rev-parse", "HEAD").strip()
    listed = _git("for-each-ref", "--format=%(refname) %(objectname)", "refs/exps").splitlines()
    found = [tuple(line.split()) for line in listed if line.split()[0].endswith(f"/{name}")]
    own = f"refs/exps/{head[:2]}/{head[2:]}/{name}"
    first = [revision for reference, revision in found if reference == own]
    return first if only_head else first + [revision for reference, revision in found if reference != own]


def _params_of(revision: str) -> Params | None:
    try:
        return parse_params(YAML(typ="safe", pure=True).load(_git("show", f"{revision}:params.yaml")), Path())
    except (InputError, subprocess.CalledProcessError):
        return None


def _changed_since(revision: str) -> bool:
    """Say whether a file that the experiment's stages depend on differs from the workspace's."""
    stages = YAML(typ="safe", pure=True).load(_git("show", f"{revision}:dvc.lock"))["stages"]
    paths = {
        dependency["path"] for name, stage in stages.items() if name != _UNUSED_STAGE for dependency in stage["deps"]
    }
    command = ["git", "diff", "--quiet", revision, "--", "dvc.yaml", *sorted(paths)]
    return subprocess.run(command, check=False).returncode != 0


def _git(*arguments: str) -> str:
    try:
        return subprocess.run(["git", *arguments], capture_output=True, text=True, check=True).stdout
    except FileNotFoundError:
        raise InputError("git: is not installed; DVC keeps its experiments in it") from None
