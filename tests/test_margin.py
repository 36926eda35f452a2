"""Git's history says when the margin was stated."""

import re
import subprocess
from pathlib import Path

import pytest

from hemline.dependencies.margin import committed


@pytest.fixture
def commit(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GIT_AUTHOR_DATE", "2026-01-02T12:00:00Z")
    git("init", "--quiet")

    def commit(text):
        Path("params.yaml").write_text(text)
        git("add", "params.yaml")
        git("-c", "user.name=a", "-c", "user.email=a@example.org", "commit", "--quiet", "--message", "Settings")
        return git("rev-parse", "--short", "HEAD")

    return commit


def git(*arguments):
    return subprocess.run(["git", *arguments], check=True, capture_output=True, text=True).stdout.strip()


def test_the_commit_that_last_changed_the_margin_is_named_with_its_day(commit):
    commit("epochs: 5\nequivalence_margin: null\n")
    stated = commit("epochs: 5\nequivalence_margin: 0.5   # points\n")
    commit("epochs: 6\nequivalence_margin: 0.5   # points\n")
    assert committed(0.5) == f"The equivalence margin 0.5 was committed in {stated} of 2026-01-02."


@pytest.mark.parametrize("text", ["equivalence_margin: 1\n", "equivalence_margin: null\n", "epochs: 5\n"])
def test_a_margin_that_is_not_the_committed_one_is_said_not_to_be(commit, text):
    commit(text)
    assert re.fullmatch(r"The equivalence margin 0\.5 is not committed: commit it .*", committed(0.5))


def test_without_history_no_margin_is_committed(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert "is not committed" in committed(0.5)
