"""Deleting for good what was deleted in MLflow's UI, with a real store."""

from pathlib import Path

import pytest
import workspace_for_tests as workspace

from hemline.__main__ import main as hemline
from hemline.params import load_params
from hemline.tracking import mlflow_run, store
from hemline.tracking.publish import publish
from hemline.tracking.registry import find_champion


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A workspace of six runs, with a champion, of which the runs of two variants were deleted in the UI."""
    built = workspace.promoted(tmp_path / "workspace", monkeypatch)
    opened = store.open_store("tiny")
    for run in store.search(opened, "tags.variant != 'linear'"):
        opened.client.delete_run(run.info.run_id)
    return built


def clean(monkeypatch, capsys, *options):
    capsys.readouterr()
    hemline(["clean-runs", *options])
    return capsys.readouterr().out


def models():
    return len(list(Path("mlartifacts").rglob("model.keras")))


def test_runs_go_with_their_models_when_asked_to_and_the_champion_stays(folder, monkeypatch, capsys):
    before = models()
    told = clean(monkeypatch, capsys)
    assert told.startswith("4 deleted runs and 4 models without a run, ")
    assert told.endswith("would be deleted for good by `make clean-runs YES=1`\n")
    assert models() == before
    assert clean(monkeypatch, capsys, "--yes").endswith(" MB: deleted for good\n")
    assert models() == before - 4
    assert find_champion("tiny") is not None
    assert clean(monkeypatch, capsys).startswith("Nothing to delete")


def test_a_model_that_a_back_filled_run_has_taken_over_stays(folder, monkeypatch, capsys):
    assert publish(list(load_params().variants))
    before = models()
    assert clean(monkeypatch, capsys, "--yes").startswith("4 deleted runs and 0 models without a run")
    assert models() == before
    opened = store.open_store("tiny")
    for run in store.search(opened, ""):
        assert opened.client.list_logged_model_artifacts(mlflow_run.model_id(run))


def test_a_server_s_runs_are_its_administrator_s(folder, monkeypatch, capsys):
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://127.0.0.1:9")
    with pytest.raises(SystemExit, match=r"^error: MLFLOW_TRACKING_URI: must be an SQLite file"):
        clean(monkeypatch, capsys, "--yes")
