"""Deleting for good what was deleted in MLflow's UI, with a real store."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import workspace_for_tests as workspace
from servers_for_tests import wait_for

from hemline.__main__ import main as hemline
from hemline.params import load_params
from hemline.processes.ports import free_port
from hemline.tracking import mlflow_run, server, store
from hemline.tracking.address import tracking_uri
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


def test_a_model_that_somebody_else_keeps_in_the_store_without_a_run_stays(folder, monkeypatch, capsys):
    opened = store.open_store("tiny")
    kept = opened.client.create_logged_model(opened.experiment_id, name="of-somebody-else").model_id
    assert clean(monkeypatch, capsys, "--yes").startswith("4 deleted runs and 4 models without a run, ")
    assert opened.client.get_logged_model(kept).name == "of-somebody-else"


@pytest.mark.slow
def test_on_a_server_models_are_marked_and_go_with_their_runs_when_its_administrator_deletes_those(
    folder, monkeypatch, capsys
):
    before, database, port = models(), tracking_uri(), free_port(None, 0)
    with (folder / "server.log").open("w") as log:
        command, environment = server.ui_command(port), server.server_environment()
        process = subprocess.Popen(command, env=environment, stdout=log, stderr=log, start_new_session=True)
    try:
        wait_for(f"http://127.0.0.1:{port}/health", process, folder / "server.log")
        monkeypatch.setenv("MLFLOW_TRACKING_URI", f"http://127.0.0.1:{port}")
        told = clean(monkeypatch, capsys)
        assert told.startswith("4 deleted runs and 4 models without a run on a server: `make clean-runs YES=1` marks")
        assert "the models are now marked as deleted too" in clean(monkeypatch, capsys, "--yes")
        assert clean(monkeypatch, capsys).startswith("4 deleted runs and 0 models")
        gc = [sys.executable, "-m", "mlflow", "gc", "--backend-store-uri", database]
        subprocess.run(gc, check=True, capture_output=True)
        assert models() == before - 4
        assert find_champion("tiny") is not None
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait()


def test_a_server_that_does_not_answer_is_one_line(folder, monkeypatch, capsys):
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://127.0.0.1:9")
    with pytest.raises(SystemExit, match=r"^error: MLflow at http://127.0.0.1:9: "):
        clean(monkeypatch, capsys, "--yes")
