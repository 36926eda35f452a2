"""The note of which pictures runs have."""

from pathlib import Path

import pytest

from hemline.tracking.pictured import note, noted


@pytest.fixture(autouse=True)
def _workspace(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def test_what_is_noted_is_known_afterwards():
    note({"a" * 64: "0123"})
    assert noted() == {"a" * 64: "0123"}


def test_of_another_store_nothing_is_known(monkeypatch):
    note({"a" * 64: "0123"})
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "https://user:secret@example.org")
    assert noted() == {}


def test_the_note_holds_no_password(monkeypatch):
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "https://user:secret@example.org")
    note({})
    assert "secret" not in Path(".hemline/pictured.json").read_text()


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"store"', "\x00"])
def test_where_the_note_is_missing_or_damaged_nothing_is_known(content):
    assert noted() == {}
    Path(".hemline").mkdir()
    Path(".hemline/pictured.json").write_text(content)
    assert noted() == {}


def test_a_note_that_cannot_be_written_costs_nothing():
    Path(".hemline").write_text("a file")
    note({"a" * 64: "0123"})
    assert noted() == {}
