"""Runs of declared settings as DVC experiments on the pipeline's own stages, in copies of the repository.

An existing experiment with these parameters and this code is not run again. An interrupted one is started again, and
DVC restores its finished stages from the cache. The files of the workspace are not changed.
"""

import fcntl
import json
import os
import re
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import IO, Any

from ruamel.yaml import YAML

from hemline.errors import InputError
from hemline.experiments.progress import progress
from hemline.params import Params, parse_params
from hemline.processes.dvc import check_copies, environment, output, untracked
from hemline.schema import read_yaml

# The page uses the outputs of the other stages; an experiment's own report may be out of date.
_UNUSED_STAGE = "report"
# Seconds for an interrupted training to end its MLflow run.
_GRACE = 20
_LAST_LINES = 15
# A line of `dvc exp list`: the revision's first digits, and the name in brackets.
_LISTED = re.compile(r"^\s+([0-9a-f]{7,40}) \[(.+)\]$", re.MULTILINE)
# The folder of DVC's copies and of its files about them; see `remove_leftovers`.
_COPIES = Path(".dvc/tmp/exps/standalone")


def run_all(
    experiments: Mapping[str, Mapping[str, Any]], label: Callable[[str, str], str] = lambda *_: ""
) -> dict[str, str]:
    """Run missing and outdated experiments, and return the revision of each by name.

    Args:
        experiments: by name, what params.yaml holds in it.
        label: returns a remark on an experiment's variant, which is printed while that trains.

    Raises:
        InputError: an experiment failed.
    """
    with alone(
        lambda: print("Another process is training declared experiments; waiting for its end", flush=True)
    ) as lock:
        remove_leftovers(list(experiments))
        params = {name: parse_params(values, Path("params.yaml")) for name, values in experiments.items()}
        known = list_experiments("--all-commits")
        revisions = {name: current_revision(known.get(name, []), own) or "" for name, own in params.items()}
        missing = [name for name, revision in revisions.items() if not revision]
        start = time.monotonic()
        with progress({name: params[name] for name in missing}, label) as receive:
            for name in missing:
                revisions[name] = run_experiment(name, experiments[name], lock, partial(receive, name))
        if missing:
            print(f"{len(missing)} experiments in {(time.monotonic() - start) / 60:.1f} minutes", flush=True)
    return revisions


def list_experiments(*options: str) -> dict[str, list[str]]:
    """Return the Git revisions of DVC's experiments by their names, the newest first; by default of the current commit.

    Raises:
        InputError: DVC or Git does not answer.
    """
    # Takes DVC 1.4 seconds, dvc.api.exp_show 2 to 3; `git for-each-ref refs/exps` would take none, but how DVC names
    # its references is its own affair, and the second is negligible beside trainings.
    names = {revision[:7]: name for revision, name in _LISTED.findall(output("dvc", "exp", "list", *options))}
    if not names:
        return {}
    found: dict[str, list[str]] = {}
    # Full digests, sorted by time.
    for revision in output("git", "-c", "core.disambiguate=commit", "rev-list", "--no-walk=sorted", *names).split():
        found.setdefault(names[revision[:7]], []).append(revision)
    return found


def current_revision(revisions: Sequence[str], params: Params) -> str | None:
    """Return the first of an experiment's revisions that was run with ``params`` and the current code, or None."""
    for revision in revisions:
        if _params_of(revision) == params and not changed_since(revision):
            return revision
    return None


def run_experiment(name: str, values: Mapping[str, Any], lock: IO[str], on_line: Callable[[str], None]) -> str:
    """Run the stages with ``values`` as the DVC experiment ``name``, in a temporary copy, and return its revision.

    An experiment of this name on the same commit is replaced. DVC inherits the lock, so it stays locked if this process
    is killed. ``on_line`` receives each line that DVC and the stages print.

    Raises:
        InputError: the experiment failed; the message ends with the last printed lines.
    """
    check_copies()
    if name in list_experiments():
        output("dvc", "exp", "remove", name)
    options = [option for override in overrides(values) for option in ("-S", override)]
    options += [option for path in untracked([values["dataset"]]) for option in ("--copy-paths", path)]
    last: list[str] = []
    with _started(["dvc", "exp", "run", "--temp", "--name", name, *options], lock) as process:
        assert process.stdout is not None  # noqa: S101 - it is a pipe
        for line in process.stdout:
            last = [*last, line.rstrip()][-_LAST_LINES:]
            on_line(line.rstrip())
    revisions = [] if process.returncode else list_experiments().get(name, [])
    if not revisions:
        raise InputError(f"{name}: `dvc exp run` failed; it said last:\n" + "\n".join(line for line in last if line))
    return revisions[0]


def overrides(values: Mapping[str, Any]) -> list[str]:
    """Return parameters as DVC's ``-S`` options, which replace every key of params.yaml, and all of its variants.

    Keys that ``values`` leave out get their defaults, whatever the user's own params.yaml has; where trainings run is
    left as it is.
    """
    rest = parse_params(values, Path("params.yaml")).model_dump(exclude={"cluster", "variants"})
    nested = {f"normalize.{key}": value for key, value in rest.pop("normalize").items()}
    tuning = _literal(rest.pop("tuning"))
    changes = [f"++{key}={_literal(value)}" for key, value in (rest | nested).items()]
    # An override of a mapping would merge with the existing one. That of variants is always there to be removed.
    replaced = ["++tuning=null", f"++tuning={tuning}", "~variants", f"+variants={_literal(values['variants'])}"]
    return [*changes, *replaced]


def _literal(value: Any) -> str:
    """Write a value in Hydra's grammar: JSON, but names are bare."""
    if isinstance(value, dict):
        return "{" + ",".join(f"{key}:{_literal(each)}" for key, each in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(_literal, value)) + "]"
    return value if isinstance(value, str) else json.dumps(value)


@contextmanager
def alone(on_wait: Callable[[], None]) -> Iterator[IO[str]]:
    """Hold the lock of the repository's declared experiments; while another process has it, wait after ``on_wait``."""
    path = Path(".hemline") / "experiments.lock"
    path.parent.mkdir(exist_ok=True)
    # Not `processes.lock`: DVC must inherit the open file, and filelock does not expose its descriptor.
    with path.open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            on_wait()
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield lock


def remove_leftovers(names: list[str]) -> None:
    """Delete the copies of these experiments that a killed DVC left behind.

    A copy contains the data again, hundreds of megabytes for Fashion-MNIST, and `dvc exp show` lists it as running.
    """
    # DVC 3.67 has no command for it: `dvc exp clean` leaves the copies, `dvc exp remove` knows no experiment of that
    # name, and `dvc exp show --json` does not tell the folder. These files are DVC's own; should the next version keep
    # them elsewhere or write them otherwise, none is found here and nothing is deleted.
    for info in (_COPIES / "run").glob("*/*.run"):
        try:
            values = json.loads(info.read_text())
        except ValueError:  # killed while it was written
            continue
        folder = Path(values.get("root_dir") or ".")
        # Only folders that DVC itself made, never another path in its file.
        if values.get("name") in names and folder.parent.resolve() == _COPIES.resolve() and folder.is_dir():
            shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _started(command: list[str], lock: IO[str]) -> Iterator[subprocess.Popen[str]]:
    """Start a command in its own process group, which always ends with the block."""
    process = subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        pass_fds=[lock.fileno()],
        start_new_session=True,
        env=environment(),
    )
    try:
        yield process
        process.wait()
    except BaseException:
        # Like Ctrl-C: the trainings mark their runs as ended. The next start deletes a copy that DVC leaves.
        os.killpg(process.pid, signal.SIGINT)
        try:
            process.communicate(timeout=_GRACE)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.communicate()
        raise


def _params_of(revision: str) -> Params | None:
    try:
        return parse_params(_read_yaml_of(revision, "params.yaml"), Path())
    except InputError:
        return None


def changed_since(revision: str) -> bool:
    """Return whether dependencies of the experiment's stages, files or library versions, have changed."""
    listed = _read_yaml_of(revision, "dvc.lock")["stages"].items()
    stages = [stage for name, stage in listed if name != _UNUSED_STAGE]
    for stage in stages:
        for path, recorded in stage.get("params", {}).items():
            if path != "params.yaml" and recorded.items() - read_yaml(Path(path)).items():
                return True
    # params.yaml is left out, because the experiment has its own.
    paths = {dependency["path"] for stage in stages for dependency in stage["deps"]} - {"params.yaml"}
    command = ["git", "diff", "--quiet", revision, "--", "dvc.yaml", *sorted(paths)]
    return subprocess.run(command, check=False).returncode != 0


def _read_yaml_of(revision: str, path: str) -> Any:
    return YAML(typ="safe", pure=True).load(output("git", "show", f"{revision}:{path}"))
