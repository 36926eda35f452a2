"""The whole pipeline with real DVC and a real store, on a tiny data set."""

import json
import os
import re
import shutil
import sys

import pytest
from pipelines_for_tests import PARAMS, PRINTED, TRAINED
from ruamel.yaml import YAML

pytestmark = pytest.mark.end_to_end

RUNS = """
SELECT runs.run_uuid, runs.status, variant.value, seed.value, epochs.value, experiment.value
FROM runs
JOIN params AS variant ON variant.run_uuid = runs.run_uuid AND variant.key = 'variant'
JOIN params AS seed ON seed.run_uuid = runs.run_uuid AND seed.key = 'seed'
JOIN params AS epochs ON epochs.run_uuid = runs.run_uuid AND epochs.key = 'epochs'
LEFT JOIN tags AS experiment ON experiment.run_uuid = runs.run_uuid AND experiment.key = 'dvc_experiment'
"""


def runs_of(pipeline):
    """Return (variant, seed, epochs) of each run that is complete to its test figures."""
    tested = {run for (run,) in pipeline.query("SELECT run_uuid FROM latest_metrics WHERE key = 'test_accuracy'")}
    return sorted(
        (variant, int(seed), int(epochs))
        for run, status, variant, seed, epochs, _ in pipeline.query(RUNS)
        if run in tested and status == "FINISHED"
    )


def metrics_of(pipeline):
    return json.loads(pipeline.read("reports/metrics.json"))


def ran(printed, stage):
    return f"Running stage '{stage}'" in printed


def refused(pipeline, *command):
    """Run a command that must fail with one line and no traceback, and return that line."""
    done = pipeline.run(*command, check=False)
    assert done.returncode != 0
    assert "Traceback" not in done.stdout + done.stderr
    (line,) = [line for line in done.stderr.splitlines() if line.startswith("error: ")]
    return line


def test_one_command_makes_every_output(finished):
    printed = finished.read(PRINTED)
    for stage in ("known", "check", "download", "normalize", "train@linear", "train@dense-4", "evaluate", "report"):
        assert ran(printed, stage)
    made = {path.relative_to(finished.folder).as_posix() for path in finished.folder.rglob("*")}
    assert made >= {
        "data/raw/train-images",
        "data/normalized/validation-labels.npy",
        *(f"models/{variant}/{name}" for variant in ("linear", "dense-4") for name in TRAINED),
        "reports/index.html",
        "reports/summary.md",
        "reports/metrics.json",
        "reports/evaluation/comparison.csv",
    }
    assert "The whole report: reports/index.html" in printed


def test_the_metrics_are_keyed_by_variant_and_small(finished):
    metrics = metrics_of(finished)
    assert list(metrics) == ["linear", "dense-4"]
    own = ["accuracy", "loss", "balanced_accuracy", "macro_f1"]
    assert list(metrics["linear"]) == [*own, "val_accuracy"]
    assert list(metrics["dense-4"]) == [*own, "gain", "gain_low", "gain_high", "val_accuracy"]
    assert "dense-4" in finished.read("reports/summary.md")


def test_the_store_has_a_complete_run_of_every_variant_and_seed(finished):
    assert runs_of(finished) == [("dense-4", 0, 1), ("dense-4", 1, 1), ("linear", 0, 1), ("linear", 1, 1)]
    assert len(finished.query("SELECT * FROM runs")) == 4
    keys = {key for (key,) in finished.query("SELECT DISTINCT key FROM metrics")}
    assert keys >= {"loss", "accuracy", "val_loss", "val_accuracy", "test_loss", "test_accuracy"}
    assert not finished.query("SELECT * FROM tags WHERE key = 'backfilled'")


def test_nothing_that_is_hashed_holds_a_path_of_this_machine(finished):
    for name in ("models", "reports", "data/normalized"):
        for path in (finished.folder / name).rglob("*"):
            assert not path.is_file() or str(finished.folder).encode() not in path.read_bytes(), path


def test_a_second_run_runs_nothing_and_a_forced_training_gives_the_same_bytes(pipeline):
    assert "Running stage" not in pipeline.run("dvc", "repro").stdout
    pipeline.run("dvc", "repro", "--force", "--single-item", "train@dense-4")
    assert pipeline.run("git", "status", "--porcelain").stdout == ""


def results_of(pipeline):
    """Return the contents of all results by their paths."""
    folders = [pipeline.folder / name for name in ("data", "models", "reports")]
    return {path: path.read_bytes() for folder in folders for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize(
    ("change", "line"),
    [
        ("variants.dense-4.hidden=4", "variants.dense-4.hidden: input should be a valid list, got 4"),
        # What only the data set tells.
        ("batch_size=1000", "batch_size: must be at most the number of training images, 48, got 1000"),
    ],
)
def test_a_bad_parameter_of_an_experiment_is_one_line_that_says_how_to_go_back_and_deletes_nothing(
    pipeline, change, line
):
    before = results_of(pipeline)
    told = refused(pipeline, "dvc", "exp", "run", "-S", change)
    assert told.startswith(f"error: params.yaml: {line}")
    assert results_of(pipeline) == before
    # DVC leaves the parameters of an experiment that failed.
    assert told.endswith("; all results are as they were; correct it, or `git checkout params.yaml`")
    pipeline.run("git", "checkout", "--quiet", "params.yaml")
    assert "Running stage" not in pipeline.run("dvc", "repro").stdout
    assert pipeline.run("git", "status", "--porcelain").stdout == ""


def test_a_mistake_in_the_file_of_parameters_deletes_nothing_whatever_way_it_is_met(pipeline):
    before = results_of(pipeline)
    pipeline.set(epochs="three")
    told = "error: params.yaml: epochs: input should be a valid integer"
    for command in ("dvc repro --keep-going", "dvc repro --single-item check train@linear", "dvc exp run --temp"):
        assert refused(pipeline, *command.split()).startswith(told)
        assert results_of(pipeline) == before


def test_a_variant_s_name_that_is_a_command_or_a_path_is_refused_before_a_shell_sees_it(pipeline):
    place = pipeline.folder.parent / "place"
    before = results_of(pipeline)
    names = ["a; touch ../place", "$(touch ../place)", "a`touch ../place`", "a\ntouch ../place", "../../place"]
    pipeline.set(variants=PARAMS["variants"] | {name: {"hidden": [3]} for name in names})
    for command in ("dvc repro --keep-going", "dvc repro --single-item", "dvc exp run"):
        assert "should match pattern" in refused(pipeline, *command.split())
    assert not place.exists()
    assert results_of(pipeline) == before


def test_a_parameter_of_a_project_that_is_a_command_is_no_command(pipeline):
    place = pipeline.folder.parent / "place"
    project = ("mlflow", "run", ".", "--env-manager", "local")
    for arguments in (("-e", "train", "-P", f"variant=linear; touch {place}"), ("-P", f"epochs=$(touch {place})")):
        assert pipeline.run(*project, *arguments, check=False).returncode != 0
    assert not place.exists()


def test_a_data_set_without_a_description_deletes_nothing_and_those_that_there_are_are_named(pipeline):
    before = results_of(pipeline)
    known = sorted(path.stem for path in (pipeline.folder / "data").glob("*.yaml"))
    rule = f"dataset: must be one of {known} (the files data/<name>.yaml), got 'nosuch'"
    for command in ("dvc exp run --temp -S dataset=nosuch", "dvc repro"):
        line = refused(pipeline, *command.split())
        assert line.startswith(f"error: params.yaml: {rule}; all results are as they were")
        assert results_of(pipeline) == before
        pipeline.set(dataset="nosuch")


def test_a_change_that_no_stage_but_the_check_reads_runs_nothing_else(pipeline):
    path = pipeline.folder / "params.yaml"
    path.write_text(f"# A comment.\n{path.read_text()}")
    done = pipeline.run("dvc", "repro")
    assert re.findall(r"Running stage '(.+)'", done.stdout) == ["check"]


def test_a_python_without_the_packages_is_told_in_one_line(pipeline):
    # As where `.venv/bin/dvc` is called by its name, and another Python comes first on the PATH.
    python = pipeline.folder.parent / "bin" / "python"
    python.parent.mkdir()
    python.write_text(f'#!/bin/sh\nexec {sys.executable} -S "$@"\n')
    python.chmod(0o755)
    before = results_of(pipeline)
    pipeline.environment["PATH"] = f"{python.parent}{os.pathsep}{pipeline.environment['PATH']}"
    pipeline.set(epochs=2)
    line = refused(pipeline, "dvc", "repro")
    assert line.endswith(
        "is a Python without the packages of this project; run `. .venv/bin/activate`, and `dvc repro` again, or `make`"
    )
    assert results_of(pipeline) == before


def test_a_loss_that_is_no_longer_finite_is_one_line_and_leaves_no_model(pipeline):
    line = refused(pipeline, "dvc", "exp", "run", "-S", "learning_rate=1.0e+300", "-S", "optimizer=sgd")
    assert "seed " in line
    assert "epoch 1: the loss is no longer finite" in line
    assert not list((pipeline.folder / "models" / "linear").glob("*"))
    pipeline.run("git", "checkout", "--quiet", "params.yaml", "dvc.lock")
    pipeline.run("dvc", "checkout")
    statuses = [status for _, status, _, _, _, _ in pipeline.query(RUNS)]
    assert "RUNNING" not in statuses
    assert "FAILED" in statuses


def test_a_file_that_is_not_what_the_data_set_says_is_refused_and_named(pipeline):
    published = pipeline.folder / "published"
    description = YAML(typ="safe").load(pipeline.folder / "data" / "tiny.yaml")
    YAML().dump(description | {"sources": [str(published)]}, pipeline.folder / "data" / "tiny.yaml")
    right = (published / "test-labels").read_bytes()
    (published / "test-labels").write_bytes(right[:-1] + b"\x07")  # a label outside the classes
    shutil.rmtree(pipeline.folder / "data" / "raw")
    done = pipeline.run("python", "-m", "stages.download", "tiny", check=False)
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert f"{published}: test-labels: labels: must be 0 to 2, got 7" in done.stderr
    assert not (pipeline.folder / "data" / "raw").exists()


def test_changing_one_variant_trains_only_that_one(longer):
    printed = longer.read(PRINTED)
    assert ran(printed, "train@dense-4")
    assert not ran(printed, "train@linear")
    assert not ran(printed, "normalize")
    assert {("dense-4", 0, 2), ("dense-4", 1, 2)} <= set(runs_of(longer))


def test_results_restored_from_the_run_cache_are_back_filled_into_a_new_store(pipeline):
    shutil.rmtree(pipeline.folder / "models")
    pipeline.forget_the_store()
    done = pipeline.run("dvc", "repro")
    assert "epoch 1/1" not in done.stdout  # nothing was trained
    pipeline.run("python", "-m", "hemline", "sync")
    assert runs_of(pipeline) == [("dense-4", 0, 1), ("dense-4", 1, 1), ("linear", 0, 1), ("linear", 1, 1)]
    assert len(pipeline.query("SELECT * FROM tags WHERE key = 'backfilled'")) == 4


def test_a_removed_variant_is_left_out_of_metrics_and_report(pipeline):
    pipeline.set(variants={"linear": {"hidden": []}})
    done = pipeline.run("dvc", "repro")
    assert "epoch 1/1" not in done.stdout
    assert list(metrics_of(pipeline)) == ["linear"]
    assert "dense-4" not in pipeline.read("reports/summary.md") + pipeline.read("reports/index.html")
    assert not [path for path in (pipeline.folder / "reports").rglob("*") if "dense-4" in path.name]


def test_a_restored_evaluation_replaces_the_gains_in_the_store_and_an_unchanged_one_costs_nothing(pipeline):
    def compared():
        return {text.partition(" over ")[2].partition(" e1")[0] for text in gains() if " over " in text}

    def gains():
        return [value for (value,) in pipeline.query("SELECT DISTINCT value FROM tags WHERE key = 'gain'")]

    assert compared() == {"linear"}
    pipeline.run("python", "-m", "hemline", "experiment", "baseline=dense-4")
    assert compared() == {"dense-4"}
    done = pipeline.run("python", "-m", "hemline", "experiment", "baseline=linear")
    assert "Stage 'evaluate' is cached - skipping run" in done.stdout
    assert compared() == {"linear"}
    pipeline.set(baseline="dense-4")
    pipeline.run("dvc", "repro")
    pipeline.run("python", "-m", "hemline", "repro")
    assert compared() == {"dense-4"}
    assert "MLflow" not in pipeline.run("python", "-m", "hemline", "repro").stdout


def test_with_a_split_for_each_seed_the_first_trains_as_before_and_solutions_are_one_a_seed(pipeline):
    before = {name: (pipeline.folder / f"models/linear/seed-{name}.keras").read_bytes() for name in (0, 1)}
    variants = PARAMS["variants"] | {"logistic": {"family": "logistic"}}
    pipeline.set(normalize=PARAMS["normalize"] | {"split": "per_seed"}, variants=variants)
    pipeline.run("dvc", "repro")
    after = {name: (pipeline.folder / f"models/linear/seed-{name}.keras").read_bytes() for name in (0, 1)}
    assert after[0] == before[0]
    assert after[1] != before[1]
    solutions = [(pipeline.folder / f"models/logistic/seed-{seed}.keras").read_bytes() for seed in (0, 1)]
    assert solutions[0] != solutions[1]
    stored = {path.name for path in (pipeline.folder / "data/normalized").iterdir()}
    own = {"validation-of-seed-0.npy", "validation-of-seed-1.npy"}
    files = {f"{part}-{kind}.npy" for part in ("pool", "test") for kind in ("images", "labels")}
    assert stored == {"about.json"} | own | files
    page = pipeline.read("reports/index.html")
    assert "each with its own training and validation images, and 30 test images: the intervals account for" in page
    assert "but not another test set or another data set" in page
    assert json.loads(pipeline.read("reports/evaluation/selection.json"))["best"] == "logistic"
    of_logistic = (
        "JOIN params AS own ON own.run_uuid = split.run_uuid AND own.key = 'family' AND own.value = 'logistic'"
    )
    logged = pipeline.query(f"SELECT split.value FROM params AS split {of_logistic} WHERE split.key = 'split'")
    assert logged == [("per_seed",), ("per_seed",)]
    assert pipeline.run("dvc", "status").stdout.startswith("Data and pipelines are up to date")
