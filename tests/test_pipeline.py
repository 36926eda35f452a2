"""The whole pipeline with real DVC and a real store, on a tiny data set.

One repository goes through all tests, in their order; each of the later ones starts from the state that those before it
left. Run the file as a whole; ``conftest.py`` keeps it on one worker.
"""

import json
import shutil
import sqlite3
from contextlib import closing

import pytest
from pipelines_for_tests import make_pipeline

pytestmark = pytest.mark.end_to_end

RUNS = """
SELECT runs.run_uuid, runs.status, variant.value, seed.value, epochs.value, experiment.value
FROM runs
JOIN params AS variant ON variant.run_uuid = runs.run_uuid AND variant.key = 'variant'
JOIN params AS seed ON seed.run_uuid = runs.run_uuid AND seed.key = 'seed'
JOIN params AS epochs ON epochs.run_uuid = runs.run_uuid AND epochs.key = 'epochs'
LEFT JOIN tags AS experiment ON experiment.run_uuid = runs.run_uuid AND experiment.key = 'dvc_experiment'
"""


@pytest.fixture(scope="module")
def pipeline(tmp_path_factory):
    """The repository after its first `dvc repro`."""
    made = make_pipeline(tmp_path_factory.mktemp("pipeline") / "repository")
    made.first = made.run("dvc", "repro")
    made.commit("First results")
    return made


def query(pipeline, sql):
    with closing(sqlite3.connect(pipeline.folder / "mlflow.db")) as connection:
        return connection.execute(sql).fetchall()


def runs_of(pipeline):
    """Return (variant, seed, epochs) of each run that is complete to its test figures."""
    tested = {run for (run,) in query(pipeline, "SELECT run_uuid FROM latest_metrics WHERE key = 'test_accuracy'")}
    return sorted(
        (variant, int(seed), int(epochs))
        for run, status, variant, seed, epochs, _ in query(pipeline, RUNS)
        if run in tested and status == "FINISHED"
    )


def metrics_of(pipeline):
    return json.loads(pipeline.read("reports/metrics.json"))


def ran(done, stage):
    return f"Running stage '{stage}'" in done.stdout


def refused(pipeline, *command):
    """Run a command that must fail with one line and no traceback, and return that line."""
    done = pipeline.run(*command, check=False)
    assert done.returncode != 0
    assert "Traceback" not in done.stdout + done.stderr
    (line,) = [line for line in done.stderr.splitlines() if line.startswith("error: ")]
    return line


def test_one_command_makes_every_output(pipeline):
    for stage in ("download", "normalize", "train@linear", "train@dense-4", "evaluate", "report"):
        assert ran(pipeline.first, stage)
    made = {path.relative_to(pipeline.folder).as_posix() for path in pipeline.folder.rglob("*")}
    assert made >= {
        "data/raw/train-images",
        "data/normalized/validation-labels.npy",
        "models/linear/seed-0.keras",
        "models/dense-4/seed-1.keras",
        "models/dense-4/history.csv",
        "models/dense-4/settings.json",
        "reports/index.html",
        "reports/summary.md",
        "reports/metrics.json",
        "reports/evaluation/comparison.csv",
    }
    assert "The whole report: reports/index.html" in pipeline.first.stdout


def test_progress_names_variant_seed_epoch_and_figures(pipeline):
    for variant in ("linear", "dense-4"):
        for seed in (0, 1):
            assert f"{variant}  seed {seed}  epoch 1/1  loss " in pipeline.first.stdout


def test_the_metrics_are_keyed_by_variant_and_small(pipeline):
    metrics = metrics_of(pipeline)
    assert list(metrics) == ["linear", "dense-4"]
    assert list(metrics["linear"]) == ["accuracy", "loss"]
    assert list(metrics["dense-4"]) == ["accuracy", "loss", "gain", "gain_low", "gain_high"]
    assert "dense-4" in pipeline.read("reports/summary.md")


def test_the_store_has_a_complete_run_of_every_variant_and_seed(pipeline):
    assert runs_of(pipeline) == [("dense-4", 0, 1), ("dense-4", 1, 1), ("linear", 0, 1), ("linear", 1, 1)]
    assert len(query(pipeline, "SELECT * FROM runs")) == 4
    keys = {key for (key,) in query(pipeline, "SELECT DISTINCT key FROM metrics")}
    assert keys >= {"loss", "accuracy", "val_loss", "val_accuracy", "test_loss", "test_accuracy", "test_gain"}
    assert not query(pipeline, "SELECT * FROM tags WHERE key = 'backfilled'")


def test_nothing_that_is_hashed_holds_a_path_of_this_machine(pipeline):
    for name in ("models", "reports", "data/normalized"):
        for path in (pipeline.folder / name).rglob("*"):
            assert not path.is_file() or str(pipeline.folder).encode() not in path.read_bytes(), path


def test_a_second_run_runs_nothing_and_leaves_everything_as_it_was(pipeline):
    done = pipeline.run("dvc", "repro")
    assert "Running stage" not in done.stdout
    assert pipeline.run("git", "status", "--porcelain").stdout == ""


def test_forced_trainings_give_the_same_bytes(pipeline):
    pipeline.run("dvc", "repro", "--force", "--single-item", "train@dense-4")
    assert pipeline.run("git", "status", "--porcelain").stdout == ""


def test_completing_a_complete_store_adds_nothing(pipeline):
    pipeline.run("python", "-m", "commands.sync")
    before = query(pipeline, "SELECT run_uuid, key, value, timestamp FROM metrics ORDER BY 1, 2, 4")
    pipeline.run("python", "-m", "commands.sync")
    assert query(pipeline, "SELECT run_uuid, key, value, timestamp FROM metrics ORDER BY 1, 2, 4") == before


@pytest.mark.parametrize(
    ("change", "line"),
    [
        ("epochs=abc", "params.yaml: epochs: input should be a valid integer, got 'abc'"),
        ("normalize.scale=0", "params.yaml: normalize.scale: input should be greater than"),
        ("batch_size=1000", "batch_size: must be at most the number of training images, 48, got 1000"),
        ("normalize.validation_split=0.999", "normalize.validation_split: must leave images of every class"),
    ],
)
def test_a_bad_parameter_is_one_line_and_nothing_is_written_half(pipeline, change, line):
    assert refused(pipeline, "dvc", "exp", "run", "-S", change).startswith(f"error: {line}")
    # As DVC users know it: the parameters stay changed, and what the failed stage was to write is gone.
    pipeline.run("git", "checkout", "--quiet", "params.yaml", "dvc.lock")
    for variant in ("linear", "dense-4"):
        left = {path.name for path in (pipeline.folder / "models" / variant).glob("*")}
        assert left in ({"seed-0.keras", "seed-1.keras", "history.csv", "settings.json"}, set())
    pipeline.run("dvc", "checkout")
    assert pipeline.run("git", "status", "--porcelain").stdout == ""


def test_a_loss_that_is_no_longer_finite_is_one_line_and_leaves_no_model(pipeline):
    line = refused(pipeline, "dvc", "exp", "run", "-S", "learning_rate=1.0e+300", "-S", "optimizer=sgd")
    assert "seed " in line
    assert "epoch 1: the loss is no longer finite" in line
    assert not list((pipeline.folder / "models" / "linear").glob("*"))
    pipeline.run("git", "checkout", "--quiet", "params.yaml", "dvc.lock")
    pipeline.run("dvc", "checkout")
    statuses = [status for _, status, _, _, _, _ in query(pipeline, RUNS)]
    assert "RUNNING" not in statuses
    assert "FAILED" in statuses


def test_a_file_that_is_not_what_the_data_set_says_is_refused_and_named(pipeline):
    published = pipeline.folder / "published" / "test-labels"
    right = published.read_bytes()
    published.write_bytes(right[:-1] + b"\x07")  # a label outside the classes
    shutil.move(pipeline.folder / "data" / "raw", pipeline.folder.parent / "raw")
    try:
        done = pipeline.run("python", "-m", "stages.download", check=False)
        assert done.returncode == 1
        assert "Traceback" not in done.stderr
        assert f"{published.parent}: test-labels: labels: must be 0 to 2, got 7" in done.stderr
        assert not (pipeline.folder / "data" / "raw").exists()
    finally:
        published.write_bytes(right)
        shutil.move(pipeline.folder.parent / "raw", pipeline.folder / "data" / "raw")


@pytest.mark.parametrize(
    "module",
    ["stages.train nowhere", "stages.train", "commands.experiment epochs"],
    ids=["variant", "nothing", "no value"],
)
def test_a_bad_argument_is_refused_without_a_traceback(pipeline, module):
    done = pipeline.run("python", "-m", *module.split(), check=False)
    assert done.returncode != 0
    assert "Traceback" not in done.stderr
    assert "error: " in done.stderr.splitlines()[-1]


def test_changing_one_variant_trains_only_that_one(pipeline):
    pipeline.set(variants={"linear": {"hidden": []}, "dense-4": {"hidden": [4], "epochs": 2}})
    done = pipeline.run("dvc", "repro")
    assert ran(done, "train@dense-4")
    assert not ran(done, "train@linear")
    assert not ran(done, "normalize")
    assert {("dense-4", 0, 2), ("dense-4", 1, 2)} <= set(runs_of(pipeline))


def test_dvc_shows_the_differences_of_metrics_and_parameters(pipeline):
    assert "dense-4.accuracy" in pipeline.run("dvc", "metrics", "diff", "--all").stdout
    assert "variants.dense-4.epochs" in pipeline.run("dvc", "params", "diff").stdout
    pipeline.commit("Two epochs")


def test_an_experiment_logs_into_the_same_store_under_its_name(pipeline):
    # One epoch more for both variants; an experiment in the workspace.
    pipeline.set(variants={"linear": {"hidden": []}, "dense-4": {"hidden": [4]}})
    pipeline.commit("Back to one epoch")
    pipeline.run("dvc", "exp", "run", "--name", "longer", "-S", "epochs=2")
    assert {("linear", 0, 2), ("linear", 1, 2)} <= set(runs_of(pipeline))
    assert "longer" in {name for *_, name in query(pipeline, RUNS)}
    shown = pipeline.run("dvc", "exp", "show", "--csv").stdout
    assert "longer" in shown
    assert "linear.accuracy" in shown


def test_an_experiment_in_a_copy_logs_into_the_main_repository_s_store(pipeline):
    pipeline.run("dvc", "exp", "run", "--temp", "--name", "apart", "-S", "epochs=3")
    assert {(variant, seed, 3) for variant in ("linear", "dense-4") for seed in (0, 1)} <= set(runs_of(pipeline))
    assert "apart" in {name for *_, name in query(pipeline, RUNS)}
    locations = [uri for (uri,) in query(pipeline, "SELECT artifact_uri FROM runs")]
    assert all(uri.startswith((pipeline.folder / "mlartifacts").as_uri()) for uri in locations)


def test_results_restored_from_the_run_cache_are_back_filled_into_a_new_store(pipeline):
    pipeline.run("git", "checkout", "--quiet", "--force", "HEAD")
    shutil.rmtree(pipeline.folder / "models")
    shutil.rmtree(pipeline.folder / "mlartifacts")
    for path in pipeline.folder.glob("mlflow.db*"):
        path.unlink()
    done = pipeline.run("dvc", "repro")
    assert "epoch 1/1" not in done.stdout  # nothing was trained
    pipeline.run("python", "-m", "commands.sync")
    assert runs_of(pipeline) == [("dense-4", 0, 1), ("dense-4", 1, 1), ("linear", 0, 1), ("linear", 1, 1)]
    assert len(query(pipeline, "SELECT * FROM tags WHERE key = 'backfilled'")) == 4
    pipeline.commit("Restored")


def test_a_removed_variant_is_left_out_of_metrics_and_report(pipeline):
    pipeline.set(variants={"linear": {"hidden": []}})
    done = pipeline.run("dvc", "repro")
    assert "epoch 1/1" not in done.stdout
    assert list(metrics_of(pipeline)) == ["linear"]
    assert "dense-4" not in pipeline.read("reports/summary.md") + pipeline.read("reports/index.html")
    assert not [path for path in (pipeline.folder / "reports").rglob("*") if "dense-4" in path.name]
