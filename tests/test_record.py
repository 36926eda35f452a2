"""What `make` records in dvc.lock in place of running stages, and what it does not; with real DVC and Git."""

import json
import re
import shutil

import pytest
from ruamel.yaml import YAML

from hemline.dependencies.history import versions

pytestmark = pytest.mark.end_to_end

TRAINER = "hemline/training/dense.py"
TRAIN_RECORDED = "The edited code of tune and train has the same meaning as before: recorded in dvc.lock\n"
ALL = "check, download, normalize, tune, train, solve, evaluate and report"


def edit(pipeline, name, old, new):
    text = pipeline.read(name)
    assert old in text
    (pipeline.folder / name).write_text(text.replace(old, new, 1))


def append(pipeline, name, text):
    (pipeline.folder / name).write_text(pipeline.read(name) + text)


def record(pipeline, *arguments):
    return pipeline.run("python", "-m", "hemline", "record", *arguments).stdout


def status(pipeline):
    """Return what DVC says has changed, by stage."""
    return json.loads(pipeline.run("dvc", "status", "--json").stdout)


def locked(pipeline, stage):
    return YAML(typ="safe").load(pipeline.folder / "dvc.lock")["stages"][stage]


def ran(pipeline, *command):
    return re.findall(r"Running stage '([^']+)'", pipeline.run(*command).stdout)


def test_make_records_before_it_runs(pipeline):
    printed = pipeline.run("make", "--dry-run", "--old-file", ".venv/.ready").stdout
    assert printed.splitlines()[:2] == ["hemline record", "hemline repro"]


def test_edits_without_meaning_are_recorded_and_nothing_runs(pipeline):
    assert record(pipeline) == ""
    append(pipeline, TRAINER, "# a comment\n")
    edit(pipeline, "hemline/params.py", '"""The whole of ``params.yaml``."""', '"""All parameters."""')
    edit(pipeline, "hemline/data/idx.py", "import", "\n\nimport")
    before = pipeline.read("dvc.lock")
    said = f"The edited code of {ALL} has the same meaning as before:"
    assert record(pipeline, "--dry-run") == f"{said} would be recorded in dvc.lock\n"
    assert pipeline.read("dvc.lock") == before
    assert len(status(pipeline)) == 10  # two variants
    assert record(pipeline) == f"{said} recorded in dvc.lock\n"
    assert status(pipeline) == {}
    # Once more, before a commit: Git does not have the code that dvc.lock names now.
    append(pipeline, TRAINER, "# another one\n")
    assert record(pipeline) == TRAIN_RECORDED
    assert ran(pipeline, "dvc", "repro") == []
    # What was recorded is in the run-cache, too.
    now = pipeline.read("dvc.lock")
    (pipeline.folder / "dvc.lock").unlink()
    shutil.rmtree(pipeline.folder / "models")
    assert ran(pipeline, "dvc", "repro") == []
    assert pipeline.read("dvc.lock") == now


def test_an_edit_with_a_meaning_is_left_to_dvc(pipeline):
    edit(pipeline, "hemline/comparison/convergence.py", "_STANDARD_ERRORS = 2", "_STANDARD_ERRORS = 3")
    append(pipeline, "hemline/training/__init__.py", "# a comment\n")
    assert record(pipeline) == TRAIN_RECORDED
    assert set(status(pipeline)) == {"evaluate", "report"}


def test_results_of_former_parameters_are_never_recorded_as_those_of_new_ones(pipeline):
    former = locked(pipeline, "train@dense-4")
    pipeline.set(variants={"linear": {"hidden": []}, "dense-4": {"hidden": [5]}})
    append(pipeline, TRAINER, "# a comment\n")
    record(pipeline)
    recorded = locked(pipeline, "train@dense-4")
    assert (recorded["params"], recorded["outs"]) == (former["params"], former["outs"])
    assert set(status(pipeline)) == {"check", "train@dense-4", "evaluate", "report"}
    assert ran(pipeline, "dvc", "repro") == ["check", "train@dense-4", "evaluate", "report"]


def test_a_stage_with_another_command_or_other_files_is_left_to_dvc(pipeline):
    append(pipeline, TRAINER, "# a comment\n")
    append(pipeline, "hemline/report/plots.py", "# a comment\n")
    for stage in ("tune", "train"):
        edit(pipeline, "dvc.yaml", f"stages.{stage} ${{key}}", f"stages.{stage}  ${{key}}")
    edit(pipeline, "dvc.yaml", "hemline/report, ", "hemline/report, claims.yaml, ")
    before = pipeline.read("dvc.lock")
    assert record(pipeline) == ""
    assert pipeline.read("dvc.lock") == before


def test_code_that_git_does_not_know_as_it_was_counts_as_changed(pipeline):
    # As in a shallow clone: one commit, of the edited code.
    append(pipeline, TRAINER, "# a comment\n")
    pipeline.run("git", "checkout", "--quiet", "--orphan", "shallow")
    pipeline.commit("Edited")
    pipeline.run("git", "branch", "--quiet", "-D", "main")
    said = "The code of tune and train counts as changed: its former text is not in Git's history\n"
    assert record(pipeline) == said
    shutil.rmtree(pipeline.folder / ".git")
    assert record(pipeline) == said


def test_the_history_has_files_and_folders_newest_first(pipeline, monkeypatch):
    monkeypatch.chdir(pipeline.folder)
    first = pipeline.read(TRAINER).encode()
    append(pipeline, TRAINER, "# a comment\n")
    pipeline.commit("A comment")
    assert [each[TRAINER] for each in versions(TRAINER)] == [first + b"# a comment\n", first]
    folders = list(versions("hemline/training"))
    assert [each[TRAINER] for each in folders] == [first + b"# a comment\n", first]
    assert set(folders[0]) == set(pipeline.run("git", "ls-files", "hemline/training").stdout.split())
    assert list(versions("nothing.py")) == []


@pytest.fixture
def newer(longer_copy):
    """A pipeline whose results are newer than the last commit."""
    longer_copy.run("git", "reset", "--quiet", "HEAD~1")
    return longer_copy


def is_mended(pipeline, whole):
    """Say whether two commands, which are what `make` runs, bring all results back without running a stage."""
    printed = record(pipeline)
    assert printed == "" or printed.startswith("dvc.lock: incomplete")
    return ran(pipeline, "dvc", "repro") == [] and pipeline.read("dvc.lock") == whole


@pytest.mark.trials(few=1, many=20)
def test_dvc_killed_at_any_write_of_dvc_lock_trains_nothing_again(newer, repetition):
    whole, traced = newer.read("dvc.lock"), ["strace", "-f", "-qq", "-P", "dvc.lock", "-e", "trace=write"]
    if not shutil.which("strace"):
        pytest.skip("strace is not installed")
    newer.run("git", "checkout", "--quiet", "dvc.lock")  # so that DVC brings the newer results back, entry by entry
    shutil.copy(newer.folder / "dvc.lock", newer.folder.parent / "former")
    log = newer.folder.parent / "log"
    newer.run(*traced, "-o", str(log), "dvc", "repro")
    assert newer.read("dvc.lock") == whole
    shutil.copy(newer.folder.parent / "former", newer.folder / "dvc.lock")
    number = repetition % len(log.read_text().splitlines()) + 1
    killed = newer.run(*traced, "-e", f"inject=write:signal=KILL:when={number}", "dvc", "repro", check=False)
    assert killed.returncode != 0
    assert is_mended(newer, whole)


def test_half_of_a_digest_at_the_end_of_dvc_lock_is_no_digest(newer):
    whole = newer.read("dvc.lock")
    (newer.folder / "dvc.lock").write_text(whole[: whole.rindex("md5: ") + 20])
    assert record(newer, "--dry-run").startswith("dvc.lock: incomplete")
    assert is_mended(newer, whole)


def test_a_merge_that_is_not_settled_is_left_to_the_user(pipeline):
    text = f"<<<<<<< HEAD\n{pipeline.read('dvc.lock')}"
    (pipeline.folder / "dvc.lock").write_text(text)
    assert record(pipeline) == ""
    assert pipeline.read("dvc.lock") == text
