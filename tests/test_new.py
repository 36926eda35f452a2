"""`make new` and `make upgrade`: a project of its own from a clone of this repository, on tiny data."""

import re
import shutil

import pytest
from pictures_for_tests import write_digits
from pipelines_for_tests import REPOSITORY, Pipeline, make_pipeline
from ruamel.yaml import YAML

from hemline.__main__ import main as hemline
from hemline.errors import InputError
from hemline.project.new import write_project
from hemline.project.starter import Origin

OWN = ("claims.yaml", "benchmarks", "findings", "CHANGELOG.md", "mkdocs.yml", "docs/CLAIMS.md", ".ci")


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """A repository as this one is, tests included, and pictures beside it."""
    top = tmp_path_factory.mktemp("new")
    (top / "hemline").mkdir()
    made = make_pipeline(top / "hemline", tests=True)
    shutil.copy(REPOSITORY / "params.yaml", made.folder)  # with its comments
    made.commit("Settings")
    write_digits(top / "pictures", 200)
    return made


@pytest.fixture(scope="module")
def project(place):
    top = place.folder.parent
    options = ["--remote", str(top / "storage"), "--tracking", f"sqlite:///{top}/runs.db"]
    said = place.run("hemline", "new", "digits", str(top / "pictures"), *options).stdout
    assert said == "Written: ../digits, with one commit. Next: cd ../digits && make\n"
    return Pipeline(top / "digits")


@pytest.mark.end_to_end
def test_a_new_project_has_one_commit_its_own_data_and_none_of_hemline_s_claims_or_pictures(project):
    assert project.run("git", "rev-list", "--count", "HEAD").stdout == "1\n"
    assert project.run("git", "status", "--porcelain").stdout == ""
    assert [path.name for path in (project.folder / "data").glob("*.yaml")] == ["digits.yaml"]
    assert not [name for name in OWN if (project.folder / name).exists()]
    tracked = project.run("git", "ls-files").stdout
    assert not re.search(r"\.(png|svg)$", tracked, re.MULTILINE)
    params = project.read("params.yaml")
    assert "\ndataset: digits " in params
    assert "scale: 16 " in params
    assert "# pixels are divided by this number" in params
    assert "200 images of 8 x 8 pixels in 10 classes: 0, 1," in project.read("README.md")
    assert "claims" not in project.run("make", "help").stdout


@pytest.mark.end_to_end
def test_remote_and_tracking_server_are_those_that_were_named(project):
    assert project.run("dvc", "remote", "list").stdout.split()[1] == str(project.folder.parent / "storage")
    shown = project.run("make", "--print-data-base", "--dry-run", "--old-file", ".venv/.ready", "help").stdout
    assert f"MLFLOW_TRACKING_URI := sqlite:///{project.folder.parent}/runs.db" in shown.replace("?=", ":=").replace(
        " = ", " := "
    )


@pytest.mark.end_to_end
def test_an_upgrade_takes_over_changes_keeps_those_of_the_project_and_names_a_conflict(place, project, tmp_path):
    top = tmp_path
    shutil.copytree(place.folder, top / "hemline", symlinks=True)
    shutil.copytree(project.folder, top / "digits", symlinks=True)
    source, own = Pipeline(top / "hemline"), Pipeline(top / "digits")
    upgrade = ("hemline", "upgrade", "--source", str(source.folder))
    assert own.run(*upgrade).stdout.startswith("Up to date")
    for name in ("stages/check.py", "README.md", "claims.yaml"):
        append(source, name, "\n# later\n")
    source.commit("A later change")
    append(own, "Makefile", "\n# ours\n")
    assert "must have no uncommitted changes" in own.run(*upgrade, check=False).stderr
    own.commit("Ours")
    assert own.run(*upgrade).stdout.startswith("Upgrade from Hemline ")
    assert "# later" in own.read("stages/check.py")
    assert "# ours" in own.read("Makefile")
    assert "# later" not in own.read("README.md")
    assert not (own.folder / "claims.yaml").exists()
    assert own.run(*upgrade).stdout.startswith("Up to date")
    append(source, "stages/check.py", "# theirs\n")
    source.commit("Another")
    append(own, "stages/check.py", "# own\n")
    own.commit("Another of ours")
    refused = own.run(*upgrade, check=False)
    assert refused.returncode == 1
    assert refused.stderr.startswith("error: stages/check.py: changed here and in Hemline; resolve this")
    own.run("git", "cherry-pick", "--abort")
    assert own.run("git", "status", "--porcelain").stdout == ""


@pytest.mark.trials(few=0, many=1)  # minutes
@pytest.mark.slow
def test_make_and_make_test_pass_in_a_new_project(project):
    ready = ("--old-file", ".venv/.ready")  # as if it were set up
    path = project.folder / "params.yaml"
    values = YAML().load(path)
    values.update(epochs=1, seeds=[0, 1], variants={"logistic": {"family": "logistic"}, "dense": {"hidden": [8]}})
    YAML().dump(values, path)
    assert "\nFound: " in project.run("make", "--silent", *ready).stdout
    project.run("make", *ready, "readme")
    assert "| dense" in project.read("README.md")
    assert " passed" in project.run("make", *ready, "test").stdout
    if (REPOSITORY / ".mypy_cache").is_dir():  # what `make lint` has checked already
        shutil.copytree(REPOSITORY / ".mypy_cache", project.folder / ".mypy_cache")
    project.run("make", *ready, "lint")


@pytest.mark.end_to_end
@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (["Digits", "."], "error: NAME: must be at most 64 small letters"),
        (["a", "nowhere"], "error: DATA: must be the folder or the file of your images, got 'nowhere'"),
        (["a", ".", "--at", "data"], "error: AT: must be a folder that does not exist yet, got 'data'"),
        (["a", ".", "--tracking", "http://u:p@host"], "error: TRACKING: must be an address without a password"),
        (["a", "stages", "--at", "../refused"], "error: "),
    ],
)
def test_what_is_refused_is_one_line_and_leaves_nothing_behind(place, monkeypatch, arguments, line):
    monkeypatch.chdir(place.folder)
    with pytest.raises(SystemExit) as ended:
        hemline(["new", *arguments])
    (said,) = str(ended.value.code).splitlines()
    assert said.startswith(line)
    assert not (place.folder.parent / "refused").exists()
    assert "p@host" not in said


@pytest.mark.end_to_end
def test_somebody_without_a_name_in_git_is_told_how_to_give_it(place, tmp_path, monkeypatch):
    monkeypatch.chdir(place.folder)
    (tmp_path / ".gitconfig").write_text("[user]\nuseConfigOnly = true\n")  # or Git may take the machine's name
    for name in ("GIT_AUTHOR_NAME", "GIT_AUTHOR_EMAIL", "EMAIL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    with pytest.raises(InputError, match=r"git: must know your name .* `git config --global user.name 'Your Name'`"):
        write_project("digits", place.folder.parent / "pictures", tmp_path / "digits", None, None, [])
    assert not (tmp_path / "digits").exists()


def test_a_repository_that_make_new_has_not_written_is_not_upgraded(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InputError, match=r"^hemline.yaml: is missing; only a project that `make new` has written"):
        Origin.read()


def append(pipeline, name, text):
    with (pipeline.folder / name).open("a") as file:
        file.write(text)
