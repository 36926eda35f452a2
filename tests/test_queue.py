"""`make queue`, and what DVC's copies of the repository have of files that git does not know."""

import re
import shutil
from contextlib import suppress

import pytest
from pipelines_for_tests import REPOSITORY, Pipeline, make_pipeline, wait_until

from commands.queue import checked, combinations, overrides
from hemline.errors import InputError
from hemline.processes.dvc import check_copies, staged, untracked, warn_of_relative_remotes


@pytest.fixture(scope="module")
def repository(tmp_path_factory):
    """A pipeline that has never run."""
    return make_pipeline(tmp_path_factory.mktemp("queue") / "repository")


@pytest.fixture
def inside(repository, monkeypatch):
    monkeypatch.chdir(repository.folder)
    monkeypatch.delenv("DVC_ROOT", raising=False)
    yield repository
    repository.run("git", "reset", "--quiet", "--hard")
    repository.run("git", "clean", "--quiet", "--force", "-d")


def add_data_set(pipeline, name="new"):
    """Describe the tiny data set once more, without a word to git."""
    shutil.copy(pipeline.folder / "data/tiny.yaml", pipeline.folder / f"data/{name}.yaml")


def queued(pipeline):
    return [line.split() for line in pipeline.run("dvc", "queue", "status").stdout.splitlines() if "Queued" in line]


def test_every_combination_of_values_is_an_experiment(inside):
    made = list(combinations(["epochs=2,3", "dataset=tiny,mnist", "variants.dense-4.hidden=[8,9]"]))
    found = [(each["epochs"], each["dataset"], each["variants"]["dense-4"]["hidden"]) for each in made]
    assert sorted(found) == [(n, name, [8, 9]) for n in (2, 3) for name in ("mnist", "tiny")]
    assert inside.run("git", "status", "--porcelain").stdout == ""


@pytest.mark.parametrize(
    ("changes", "line"),
    [
        (["dataset=nope"], r"dataset: must be one of \[.*'tiny'.*\] .*, got 'nope'"),
        (["epochs=2,three"], "params.yaml: epochs: input should be a valid integer, got 'three'"),
        (["batch_size=49"], "params.yaml: batch_size: must be at most the number of training images, 48, got 49"),
        (["nosuch=3"], "changes: Could not override 'nosuch', got 'nosuch=3'"),
        (["epochs=2", "seeds=["], r"changes: no viable alternative at input '\[', got 'epochs=2 seeds=\['"),
        (["++variants.dense-4.nosuch=3"], "params.yaml: variants.dense-4.nosuch: .*"),
    ],
)
def test_a_mistake_in_any_of_the_experiments_is_one_line(inside, changes, line):
    with pytest.raises(InputError, match=f"^{line}") as error:
        list(map(checked, combinations(changes)))
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("change", ["epochs", "versions.yaml:keras=3"])
def test_a_change_of_another_form_is_one_line(change):
    with pytest.raises(InputError, match=rf"^changes: must be key=value, .*, or ~variants.name, got '{change}'$"):
        overrides([change])


def test_a_variant_is_given_a_key_that_it_has_not_yet_and_another_is_taken_out(inside):
    (values,) = combinations(overrides(["variants.dense-4.epochs=7", "variants.new={hidden:[3]}"]))
    params = checked(values)
    assert (params.training("dense-4").epochs, params.training("new").hidden) == (7, [3])
    (values,) = combinations(overrides(["~variants.dense-4"]))
    assert list(checked(values).variants) == ["linear"]
    with pytest.raises(InputError, match=r"Could not override 'epoch'"):
        list(combinations(overrides(["epoch=7"])))


def test_a_shallow_clone_is_refused_before_anything_runs(inside, tmp_path, monkeypatch):
    inside.run("git", "clone", "--quiet", "--depth", "1", inside.folder.as_uri(), str(tmp_path / "shallow"))
    monkeypatch.chdir(tmp_path / "shallow")
    with pytest.raises(InputError, match=r"run `git fetch --unshallow`$"):
        check_copies()
    # As `dvc exp run --temp` runs the stages, in a copy.
    copy = Pipeline(tmp_path / "copy")
    shutil.copytree(inside.folder, copy.folder)
    copy.environment["DVC_ROOT"] = str(tmp_path / "shallow")
    for stage in (["stages.check"], ["stages.train", "linear"]):  # of edited code, only the second one runs
        done = copy.run("python", "-m", *stage, check=False)
        assert (done.returncode, done.stdout) == (1, "")
        assert done.stderr.startswith("error: git: the clone must have its history")


def test_a_remote_that_is_a_relative_folder_is_warned_of_once(inside, tmp_path, capsys):
    (tmp_path / ".dvc").mkdir()
    (tmp_path / ".dvc/config").write_text(
        "[core]\n    remote = near\n['remote \"near\"']\n    url = ../../storage\n['remote \"far\"']\n    url = s3://b/x\n"
    )
    warn_of_relative_remotes(tmp_path)
    assert capsys.readouterr().err.startswith("warning: DVC's remote near: is a relative folder")
    warn_of_relative_remotes(tmp_path)
    assert capsys.readouterr().err == ""


@pytest.mark.slow
def test_an_experiment_is_pushed_with_its_data_to_the_remote_that_the_docs_show(tmp_path):
    for folder in ("project", "hub"):
        (tmp_path / folder).mkdir()
    project, hub = Pipeline(tmp_path / "project"), Pipeline(tmp_path / "hub")
    hub.run("git", "init", "--quiet", "--bare")
    project.run("git", "init", "--quiet", "--initial-branch", "main")
    project.run("git", "remote", "add", "origin", str(hub.folder))
    project.run("dvc", "init", "--quiet")
    (project.folder / "params.yaml").write_text("n: 1\n")
    (project.folder / "dvc.yaml").write_text("stages: {one: {cmd: cp params.yaml out, params: [n], outs: [out]}}\n")
    project.run("dvc", "repro", "--quiet")
    page = (REPOSITORY / "docs/YOUR-PROJECT.md").read_text()
    (shown,) = re.findall(r"^\$ (dvc remote add --default storage .*)$", page, re.MULTILINE)
    project.run("sh", "-c", shown)
    project.commit("As the docs show")
    project.run("dvc", "exp", "run", "--quiet", "--name", "two", "-S", "n=2")
    project.run("dvc", "exp", "push", "origin", "two")
    kept = [path.read_text() for path in (tmp_path / "storage/files").rglob("*") if path.is_file()]
    assert kept == ["n: 2\n"]
    warn_of_relative_remotes(project.folder)
    assert not (project.folder / ".hemline").exists()


def test_what_git_does_not_know_is_the_data_sets_that_are_used_and_code(inside):
    add_data_set(inside)
    add_data_set(inside, "another")
    (inside.folder / "hemline/training/swish.py").touch()
    assert untracked(["tiny"]) == ["hemline/training/swish.py"]
    assert untracked(["new", "tiny"]) == ["data/new.yaml", "hemline/training/swish.py"]


def test_git_knows_a_file_only_as_long_as_it_has_to_whatever_happens(inside):
    add_data_set(inside)
    (inside.folder / "dvc.yaml").write_text("stages: {}\n")
    inside.run("git", "add", "dvc.yaml")
    before = inside.run("git", "status", "--porcelain").stdout
    with suppress(KeyboardInterrupt), staged(["data/new.yaml"]):
        assert "A  data/new.yaml" in inside.run("git", "status", "--porcelain").stdout
        raise KeyboardInterrupt
    assert inside.run("git", "status", "--porcelain").stdout == before


@pytest.mark.trials(few=0, many=1)  # minutes
@pytest.mark.slow
def test_a_queued_experiment_has_the_data_set_that_git_did_not_know_as_it_was_then(pipeline):
    pipeline.set(seeds=[0], variants={"linear": {"hidden": []}})
    add_data_set(pipeline)
    before = pipeline.run("git", "status", "--porcelain").stdout
    told = pipeline.run("python", "-m", "hemline", "queue", "dataset=new", "epochs=2").stdout
    assert "With data/new.yaml, which git does not know yet." in told
    assert all(command in told for command in ("dvc queue start", "dvc queue status", "dvc queue logs"))
    assert pipeline.run("git", "status", "--porcelain").stdout == before
    assert len(queued(pipeline)) == 1
    (pipeline.folder / "data/new.yaml").unlink()
    pipeline.run("dvc", "queue", "start")
    wait_until(lambda: pipeline.run("dvc", "queue", "status").stdout.count("Success") == 1)
    pipeline.run("dvc", "queue", "stop")
    assert ",new," in pipeline.run("dvc", "exp", "show", "--csv").stdout


@pytest.mark.slow
@pytest.mark.parametrize("command", [("quick",), ("experiment", "dataset=nope")])
def test_a_data_set_that_is_not_there_is_one_line_that_names_those_that_are(inside, command):
    if command == ("quick",):
        inside.set(dataset="nope")
    before = inside.read("params.yaml")
    done = inside.run("python", "-m", "hemline", *command, check=False)
    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    known = sorted(path.stem for path in (inside.folder / "data").glob("*.yaml"))
    assert line.startswith(f"error: dataset: must be one of {known}")
    assert inside.read("params.yaml") == before


@pytest.mark.slow
def test_a_folder_whose_name_is_not_ascii_is_one_line_that_says_what_helps(pipeline, tmp_path):
    elsewhere = tmp_path / "Bücher"
    elsewhere.mkdir()
    moved = pipeline.copy(elsewhere)
    moved.set(batch_size=4)
    for command in (["quick"], ["queue", "epochs=2"]):
        done = moved.run("python", "-m", "hemline", *command, check=False)
        assert done.returncode == 1
        (line,) = done.stderr.splitlines()
        assert line.startswith(f"error: {moved.folder}/.dvc/cache: must be a path in ASCII letters")
    assert queued(moved) == []
    # As the line says:
    shutil.move(moved.folder / ".dvc/cache", tmp_path / "cache")
    moved.run("dvc", "cache", "dir", "--local", str(tmp_path / "cache"))
    moved.run("python", "-m", "hemline", "queue", "epochs=2")
    assert len(queued(moved)) == 1
