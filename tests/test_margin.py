"""Git's history says when the margin was stated."""

import re

import pytest
from git_for_tests import commit as git_commit
from git_for_tests import git

from hemline.dependencies.margin import committed


@pytest.fixture
def repository(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GIT_AUTHOR_DATE", "2026-01-02T12:00:00Z")
    git("init", "--quiet")


def commit(text):
    git_commit({"params.yaml": text})
    return git("rev-parse", "--short", "HEAD")


def test_the_commit_that_last_changed_the_margin_is_named_with_its_day(repository):
    commit("epochs: 5\nequivalence_margin: null\n")
    stated = commit("epochs: 5\nequivalence_margin: 0.5   # points\n")
    commit("epochs: 6\nequivalence_margin: 0.5   # points\n")
    assert committed(0.5) == f"The equivalence margin 0.5 was committed in {stated} of 2026-01-02."


@pytest.mark.parametrize("text", ["equivalence_margin: 1\n", "equivalence_margin: null\n", "epochs: 5\n"])
def test_a_margin_that_is_not_the_committed_one_is_said_not_to_be(repository, text):
    commit(text)
    assert re.fullmatch(r"The equivalence margin 0\.5 is not committed: commit it .*", committed(0.5))


def test_without_history_no_margin_is_committed(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert "is not committed" in committed(0.5)
