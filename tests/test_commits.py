"""Two commits are compared in turns, and with a plain script."""

from pathlib import Path

import pytest

from benchmarks import commits
from hemline.errors import InputError


@pytest.fixture
def commands(monkeypatch):
    """Let nothing run but the clock, by as many seconds as the clone is called; return what would have run."""
    ran, clock = [], [0.0]

    def run(folder, *command):
        ran.append((folder.name, *command))
        clock[0] += int(folder.name)

    monkeypatch.setattr(commits, "run", run)
    monkeypatch.setattr(commits.time, "perf_counter", lambda: clock[0])
    return ran


def test_the_clones_take_turns_and_every_edit_is_new_and_has_its_script(commands):
    figures = commits.measure([Path("4"), Path("2")], "edit", 2)
    edits = [("dvc", "exp", "run", "-S", f"variants.dense-128.hidden=[{units}]") for units in (65, 66)]
    script = ("2", "python", "-m", "benchmarks.plain_keras", "--variant", "dense-128")
    assert commands == [("4", *edits[0]), ("2", *edits[0]), script, ("4", *edits[1]), ("2", *edits[1]), script]
    assert figures == {"before": 4, "after": 2, "ratio": 0.5, "script": 2, "turns": [[4, 4], [2, 2]]}


def test_the_script_for_the_whole_pipeline_takes_minutes_and_runs_once(commands):
    commits.measure([Path("4"), Path("2")], "whole", 3)
    assert [command[1] for command in commands] == ["dvc", "dvc", "python", "dvc", "dvc", "dvc", "dvc"]


def test_without_data_there_is_nothing_to_compare_with(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "params.yaml").write_text("{dataset: tiny, seeds: [0], baseline: a, variants: {a: {hidden: []}}}")
    (tmp_path / "data").mkdir()
    (tmp_path / "data/tiny.yaml").write_text((Path(__file__).parent.parent / "data/mnist.yaml").read_text())
    with pytest.raises(InputError, match=r"^data/raw: no such folder; run `make` first$"):
        commits.prepare("HEAD", tmp_path / "clone")


def test_a_command_that_fails_is_one_line_that_ends_with_what_it_said(tmp_path):
    (tmp_path / "clone").mkdir()
    with pytest.raises(InputError, match=r"^clone: git nosuch failed: git: 'nosuch' is not a git command"):
        commits.run(tmp_path / "clone", "git", "nosuch")
