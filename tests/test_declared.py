"""When an experiment counts as run, and what is cleared away: real Git, and DVC where it must answer itself."""

import json
import subprocess
import sys
import time
from pathlib import Path

import pytest
from git_for_tests import commit, git
from ruamel.yaml import YAML
from test_claims_file import EXPERIMENT, SETTINGS

from hemline.experiments.declared import changed_since, current_revision, list_experiments, remove_leftovers
from hemline.params import parse_params

PARAMS = SETTINGS | EXPERIMENT
LOCK = {
    "schema": "2.0",
    "stages": {
        "check": {"cmd": "true", "deps": [{"path": "params.yaml"}]},
        "train@linear": {
            "cmd": "true",
            "deps": [{"path": "code.py"}],
            "params": {"params.yaml": {"epochs": 5}, "versions.yaml": {"keras": "3.0"}},
        },
        "report": {"cmd": "true", "deps": [{"path": "look.py"}], "params": {"versions.yaml": {"jinja2": "3.1"}}},
    },
}


@pytest.fixture
def revision(tmp_path, monkeypatch):
    """The revision of an experiment, in a repository that is as it was then."""
    monkeypatch.chdir(tmp_path)
    for name in ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE"):
        monkeypatch.delenv(name, raising=False)
    git("init", "--quiet", "--initial-branch", "main")
    write_yaml("dvc.lock", LOCK)
    write_yaml("params.yaml", PARAMS)
    write_yaml("versions.yaml", {"keras": "3.0", "jinja2": "3.1"})
    for name in ("dvc.yaml", "code.py", "look.py"):
        Path(name).write_text("as it was\n")
    return commit()


def write_yaml(name, contents):
    YAML().dump(contents, Path(name))


def test_what_no_stage_depends_on_may_change(revision):
    Path("look.py").write_text("another look\n")
    Path("new.py").write_text("something new\n")
    write_yaml("params.yaml", PARAMS | {"epochs": 7})
    write_yaml("versions.yaml", {"keras": "3.0", "jinja2": "4.0", "numpy": "2.0"})
    commit()
    assert not changed_since(revision)


@pytest.mark.parametrize("name", ["code.py", "dvc.yaml"])
def test_other_code_is_another_experiment(revision, name):
    Path(name).write_text("other code\n")
    assert changed_since(revision)


@pytest.mark.parametrize("versions", [{"keras": "3.1", "jinja2": "3.1"}, {"jinja2": "3.1"}])
def test_another_version_of_a_library_that_trains_is_another_experiment(revision, versions):
    write_yaml("versions.yaml", versions)
    assert changed_since(revision)


def test_of_an_experiment_s_revisions_the_first_with_these_parameters_counts(revision):
    wanted = parse_params(PARAMS, Path())
    write_yaml("params.yaml", PARAMS | {"epochs": 7})
    other = commit()
    write_yaml("params.yaml", {"epochs": "many"})
    broken = commit()
    assert current_revision([broken, other, revision], wanted) == revision
    assert current_revision([broken, other], wanted) is None
    assert current_revision([], wanted) is None


def test_copies_of_these_experiments_are_deleted_and_nothing_else(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    copies = tmp_path / ".dvc/tmp/exps/standalone"
    elsewhere = tmp_path / "mine"
    for number, (name, folder) in enumerate(
        [("claims-tiny", copies / "tmp1"), ("another", copies / "tmp2"), ("claims-tiny", elsewhere)]
    ):
        folder.mkdir(parents=True)
        note = copies / f"run/{number}/{number}.run"
        note.parent.mkdir(parents=True)
        note.write_text(json.dumps({"name": name, "root_dir": str(folder)}))
    broken = copies / "run/9/9.run"
    broken.parent.mkdir()
    broken.write_text('{"name": "claims-ti')
    remove_leftovers(["claims-tiny"])
    assert not (copies / "tmp1").exists()
    assert (copies / "tmp2").exists()
    assert elsewhere.exists()


@pytest.mark.end_to_end
def test_experiments_are_listed_by_name_the_newest_first(revision):
    dvc = [sys.executable, "-m", "dvc"]
    write_yaml("dvc.yaml", {"stages": {}})
    Path("dvc.lock").unlink()
    subprocess.run([*dvc, "init", "--quiet"], check=True)
    # DVC commits too, and a container's user has no name.
    git("config", "user.name", "Tester")
    git("config", "user.email", "tester@example.org")
    for number, name in enumerate(("first", "first", "second")):
        commit()
        Path("code.py").write_text(f"{name} {number}\n")
        subprocess.run([*dvc, "exp", "save", "--quiet", "--name", name], check=True)
        # Git dates commits in whole seconds, and nothing tells which of one second's is the newer.
        time.sleep(1)
    own, every = list_experiments(), list_experiments("--all-commits")
    assert list(own) == ["second"]
    assert {name: len(revisions) for name, revisions in every.items()} == {"first": 2, "second": 1}
    contents = [git("show", f"{each}:code.py") for each in every["first"]]
    assert contents == ["first 1", "first 0"]
