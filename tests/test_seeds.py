"""More seeds: those that are there are kept."""

import re

import mlflow
import pytest
from pipelines_for_tests import TRAINED

pytestmark = pytest.mark.slow


def runs(pipeline):
    client = mlflow.MlflowClient(f"sqlite:///{pipeline.folder / 'mlflow.db'}")
    experiments = [each.experiment_id for each in client.search_experiments()]
    return sorted(
        (run.data.params["variant"], run.data.params["seed"])
        for run in client.search_runs(experiments, max_results=500)
    )


def test_only_the_new_seeds_train_and_the_files_are_those_of_a_training_of_all(finished, tmp_path):
    (tmp_path / "other").mkdir()
    other = finished.copy(tmp_path / "other")
    other.set(seeds=[0, 1, 2])
    other.run("dvc", "repro", "evaluate")
    printed = finished.run("hemline", "seeds", "3").stdout
    for variant in ("linear", "dense-4"):
        assert f"{variant}: kept: the trainings of seeds 0, 1\n" in printed
        assert re.findall(rf"^{variant}  seed (\d)  epoch", printed, re.MULTILINE) == ["2"]
        for name in TRAINED | {"seed-2.keras"}:
            path = f"models/{variant}/{name}"
            assert (finished.folder / path).read_bytes() == (other.folder / path).read_bytes(), path
    assert runs(finished) == [(variant, str(seed)) for variant in ("dense-4", "linear") for seed in range(3)]


def test_a_plan_names_the_seeds_and_what_they_take(finished):
    printed = finished.run("hemline", "plan", "30", "--pair", "linear,dense-4", "--cost").stdout
    assert "A difference of 30 percentage points in test accuracy between linear and dense-4" in printed
    assert "seeds needed" in printed
    assert "seconds" in printed
    failed = finished.run("hemline", "plan", "30", "--pair", "linear,wide", check=False)
    assert failed.returncode
    assert "error: PAIR: must be two of linear, dense-4, got 'wide'" in failed.stderr
    finished.set(metric="log_loss")
    failed = finished.run("hemline", "plan", "30", check=False)
    assert "error: metric: log_loss in params.yaml, but accuracy was evaluated; run `dvc repro`" in failed.stderr
