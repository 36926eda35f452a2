"""Evaluations of the same test images are counted in Git's history."""

from pathlib import Path

import pytest
from git_for_tests import commit as git_commit
from git_for_tests import git

from hemline.dependencies.looks import count_evaluations, sentence


def lock(raw, results, description="d1"):
    records = {"data/digits.yaml": description, "data/raw": raw, "reports/metrics.json": results}
    rows = "".join(f"    - path: {path}\n      hash: md5\n      md5: {md5}\n" for path, md5 in records.items())
    return f"stages:\n  all:\n    outs:\n{rows}"


@pytest.fixture
def repository(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    git("init", "--quiet")


def commit(text):
    git_commit({"dvc.lock": text})


def test_different_results_of_the_same_test_images_are_counted_on_every_branch(repository):
    commit(lock("r1", "m1"))
    git("switch", "--quiet", "--create", "other")
    commit(lock("r1", "m2"))
    git("switch", "--quiet", "--create", "third", "HEAD~1")
    assert count_evaluations() == 2
    Path("dvc.lock").write_text(lock("r1", "m3"))
    assert count_evaluations() == 3


def test_other_images_or_another_split_are_another_test_set(repository):
    commit(lock("r2", "m1"))
    commit(lock("r1", "m2", description="d2"))
    commit(lock("r1", "m3"))
    assert count_evaluations() == 1


def test_without_results_or_history_there_is_nothing_to_count(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert count_evaluations() == 0
    Path("dvc.lock").write_text(lock("r1", "m1"))
    assert count_evaluations() == 1


def test_the_sentence_says_that_the_best_of_several_is_overstated():
    assert sentence(1) == "The test set was evaluated once, as far as Git's history shows."
    assert "at least 7 times" in sentence(7)
    assert "overstated" in sentence(7)
