"""A new project: its files, its data set, its settings, and a Git history of one commit."""

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from ruamel.yaml import YAML

from hemline.data.description import parse_dataset
from hemline.describe.write import check_name
from hemline.errors import InputError
from hemline.params import parse_params
from hemline.processes.dvc import environment
from hemline.project.readme import readme
from hemline.project.starter import Origin, build_tree, git
from hemline.schema import read_yaml

_PARAMS = Path("params.yaml")


def write_project(  # noqa: PLR0917
    name: str, data: Path, folder: Path, remote: str | None, tracking: str | None, options: list[str]
) -> None:
    """Write a project into ``folder``, which is removed again if anything is refused.

    Args:
        name: of the project and its data set.
        data: the images, as `make describe` takes them.
        folder: must not exist.
        remote: DVC's default remote, or None.
        tracking: the MLflow server or database, or None for a database in the project.
        options: further options of `hemline describe`.

    Raises:
        InputError: an argument breaks a rule; the line of `hemline describe`, if it refuses the data.
    """
    check_name(name, force=True)
    if folder.exists():
        raise InputError(f"AT: must be a folder that does not exist yet, got {str(folder)!r}")
    if not data.exists():
        raise InputError(f"DATA: must be the folder or the file of your images, got {str(data)!r}")
    if tracking and urlsplit(tracking).password:
        raise InputError("TRACKING: must be an address without a password; set MLFLOW_TRACKING_PASSWORD instead")
    try:
        folder.mkdir(parents=True)
        _begin_history(folder)
        build_tree(origin_of_this_clone(), folder)
        _write(name, data.resolve(), folder, tracking, options)
        _commit(name, folder, remote)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise


def _begin_history(folder: Path) -> None:
    """Make a Git repository, in which Git must know whose commits it makes."""
    git("-C", str(folder), "init", "--quiet", "--initial-branch", "main")
    try:
        git("-C", str(folder), "var", "GIT_AUTHOR_IDENT")
    except InputError:
        remedy = "`git config --global user.name 'Your Name'` and `git config --global user.email you@example.org`"
        raise InputError(f"git: must know your name and e-mail address for the first commit; run {remedy}") from None


def origin_of_this_clone() -> Origin:
    """Return the last commit, and the remote ``origin`` if that has it; else this folder."""
    revision = git("rev-parse", "HEAD").strip()
    published = git("branch", "--remotes", "--list", "origin/*", "--contains", revision).strip()
    return Origin(git("remote", "get-url", "origin").strip() if published else str(Path.cwd()), revision)


def _write(name: str, data: Path, folder: Path, tracking: str | None, options: list[str]) -> None:
    """Write what is the project's own: settings, description, README."""
    shutil.copy(_PARAMS, folder)
    command = [sys.executable, "-m", "hemline", "describe", str(data), "--name", name, "--json", *options]
    done = subprocess.run(command, cwd=folder, env=environment(), capture_output=True, text=True, check=False)
    if done.returncode:
        raise InputError(done.stderr.strip().removeprefix("error: "))
    yaml = YAML()
    yaml.width = 120
    values = yaml.load(folder / _PARAMS)
    _set(values, json.loads(done.stdout)["settings"])
    yaml.dump(values, folder / _PARAMS)
    project = folder / "MLproject"
    project.write_text(project.read_text().replace("name: hemline\n", f"name: {name}\n"))
    if tracking:
        escaped = tracking.replace("$", "$$")
        (folder / "project.mk").write_text(f"# Where runs are tracked.\nexport MLFLOW_TRACKING_URI ?= {escaped}\n")
    description = folder / "data" / f"{name}.yaml"
    dataset = parse_dataset(name, read_yaml(description), description)
    params = parse_params(read_yaml(folder / _PARAMS), folder / _PARAMS)
    (folder / "README.md").write_text(readme(params, dataset, tracking))


def _set(values: dict[str, Any], settings: dict[str, Any]) -> None:
    """Change keys in place, so that the comments of the file stay."""
    for key, value in settings.items():
        *above, last = key.split(".")
        place = values
        for each in above:
            place = place[each]
        place[last] = value


def _commit(name: str, folder: Path, remote: str | None) -> None:
    inside = ["-C", str(folder)]
    if remote:
        address = remote if "://" in remote else str(Path(remote).expanduser().resolve())
        dvc = ["dvc", "remote", "add", "--quiet", "--default", "storage", address]
        subprocess.run(dvc, cwd=folder, env=environment(), check=True)
    git(*inside, "add", "--all")
    git(*inside, "commit", "--quiet", "--message", f"{name}: a comparison of image classifiers, from Hemline")
