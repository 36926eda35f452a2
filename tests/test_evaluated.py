"""What the evaluate stage writes, and those after it read; its numbers are held in test_scores and test_statistics."""

import json

import numpy as np
import pandas as pd
import pytest
from fsspec.implementations.local import LocalFileSystem

from hemline.comparison.doubts import Predicted, doubts
from hemline.comparison.evaluated import Evaluated
from hemline.comparison.evaluation import Evaluation
from hemline.comparison.metrics import METRICS, find_metric
from hemline.data.duplicates import Duplicates
from hemline.errors import InputError

CLASSES = ["None", "1", "c"]  # two names that are easily taken for something else
LABELS = np.array([0, 1, 2, 0, 1, 2])
HISTORY = pd.DataFrame({"seed": [0, 0, 1, 1], "epoch": [1, 2, 1, 2], "loss": 0.5, "accuracy": [0.1, 0.2, 0.3, 0.4]})
HISTORY = HISTORY.assign(val_loss=0.6, val_accuracy=[0.1, 0.3, 0.1, 0.5])


def probabilities(known):
    """Return those of two trainings that are right about the first ``known`` images, and call the others class 0."""
    right = np.where(np.arange(len(LABELS)) < known, LABELS, 0)
    sure = 0.7 * np.eye(len(CLASSES), dtype=np.float32)[right] + np.float32(0.1)
    return np.stack([sure, sure])


@pytest.fixture
def evaluation():
    taken = Evaluation("linear", CLASSES, LABELS, LABELS)
    for variant, known in {"128": 5, "linear": 2}.items():
        taken.add(variant, HISTORY, probabilities(known), {0: "a" * 64, 1: "1" * 64}, 21)
        taken.calibrations.add(variant, probabilities(known), [(each, LABELS) for each in probabilities(known)])
    return taken


@pytest.fixture
def evaluated(evaluation, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Evaluated().write(evaluation)
    return Evaluated()


def searched_twice(metric, per_search, searches):
    """Return an evaluation of two variants, whose two searches have chosen models that are equal in each search."""
    rng = np.random.default_rng(3)
    labels = rng.integers(0, 3, 200)
    taken = Evaluation("linear", CLASSES, labels, labels, metric=find_metric(metric), searches=searches)
    history = pd.concat([HISTORY[HISTORY.seed == 0].assign(seed=seed) for seed in range(2 * per_search)])
    for variant, sharpness in {"128": 1.5, "linear": 1.0}.items():
        scores = np.exp(sharpness * np.eye(3)[labels] + rng.normal(0, 1, (2, 200, 3)))
        own = np.repeat((scores / scores.sum(axis=2, keepdims=True)).astype(np.float32), per_search, axis=0)
        models = dict.fromkeys(range(2 * per_search), "a" * 64)
        taken.add(variant, history, own, models, 21, validation=[Predicted(labels, own)])
    return taken


@pytest.mark.parametrize("metric", ["accuracy", "balanced_accuracy", "log_loss", "brier"])
def test_equal_trainings_of_a_search_count_as_one_in_every_interval_and_test(metric):
    one, three = searched_twice(metric, 1, 1), searched_twice(metric, 3, 2)
    seeds = {"seeds"}
    for table in (Evaluation.comparison, Evaluation.pairs):
        alone, repeated = (table(each) for each in (one, three))
        others = [column for column in alone if column not in seeds]
        pd.testing.assert_frame_equal(repeated[others], alone[others], check_exact=False, rtol=1e-6)
    assert list(three.comparison()["seeds"]) == [6, 6]
    assert three.selection() == one.selection()
    pd.testing.assert_frame_equal(three.confusions("128"), one.confusions("128"), check_exact=False, rtol=1e-6)


@pytest.mark.parametrize("files", [None, LocalFileSystem()], ids=["of the workspace", "of a revision"])
def test_what_is_written_is_read(evaluation, evaluated, files):
    read = Evaluated(files=files)
    pd.testing.assert_frame_equal(read.runs(), evaluation.runs(), check_dtype=False, check_exact=True)
    pd.testing.assert_frame_equal(read.comparison(), evaluation.comparison(), check_dtype=False, check_exact=True)
    kept = evaluation.calibrations
    for written, own in zip(read.calibrations(), (kept.table(), kept.bins()), strict=True):
        pd.testing.assert_frame_equal(written, own.reset_index(drop=True), check_dtype=False)
    for variant in ("128", "linear"):
        assert read.confusion(variant).tolist() == evaluation.confusion(variant).tolist()
        own = evaluation.per_class(variant).rename_axis("class").reset_index()
        pd.testing.assert_frame_equal(read.per_class(variant), own, check_dtype=False, check_exact=True)
    assert read.difference("128", "linear").tolist() == evaluation.difference("128").tolist()


def test_a_run_has_its_last_epoch_its_model_and_every_metric(evaluated):
    (run, _, _, _) = evaluated.runs(["128", "linear"]).to_dict("records")
    assert (run["variant"], run["seed"], run["epochs"], run["accuracy"], run["val_accuracy"]) == ("128", 0, 2, 0.2, 0.3)
    assert run["model_sha256"] == "a" * 64
    assert run["test_accuracy"] == pytest.approx(5 / 6)
    assert all(f"test_{metric.key}" in run for metric in METRICS)


def test_the_comparison_tells_which_trainings_still_improved_and_which_verdicts_hold_only_so_far():
    taken = Evaluation("linear", CLASSES, LABELS, LABELS)
    last_losses = {"linear": 0.3, "128": 0.6, "fresh": 0.3}
    for variant, last in last_losses.items():
        history = HISTORY.assign(val_loss=[0.6, last, 0.6, last])
        taken.add(variant, history, probabilities(4), {0: "a" * 64, 1: "1" * 64}, 21)
    taken.add("short", HISTORY[HISTORY.epoch == 1], probabilities(4), {0: "a" * 64, 1: "1" * 64}, 21)
    table = taken.comparison().set_index("variant")
    assert table.still_improves.to_dict() == {"linear": "yes", "128": "no", "fresh": "yes", "short": "unknown"}
    assert table.so_far.to_dict() == {"linear": False, "128": True, "fresh": True, "short": True}


def test_facts_about_the_data_are_read_as_they_were_written(evaluation, evaluated):
    assert evaluated.facts() == evaluation.facts()
    assert evaluated.facts().most_frequent == "None"
    assert evaluated.facts().most_frequent_rate == pytest.approx(2 / 6)
    assert not evaluated.facts().imbalanced
    assert evaluated.doubted().empty


def test_accuracy_is_also_told_without_the_test_images_that_are_training_images():
    # Of the first five that it knows, two are duplicates.
    found = np.array([True, True, False, False, False, False])
    taken = Evaluation("linear", CLASSES, LABELS, LABELS, Duplicates(found, np.array([True] + 5 * [False])))
    taken.add("linear", HISTORY, probabilities(5), {0: "a" * 64, 1: "b" * 64}, 21)
    (row,) = taken.comparison().to_dict("records")
    assert row["accuracy"] == pytest.approx(5 / 6)
    assert row["accuracy_without_duplicates"] == pytest.approx(3 / 4)
    assert (taken.facts().duplicates, taken.facts().relabelled) == (2, 1)


def test_without_any_other_test_image_there_is_no_accuracy_without_duplicates():
    every = np.ones(len(LABELS), np.bool_)
    taken = Evaluation("linear", CLASSES, LABELS, LABELS, Duplicates(every, ~every))
    taken.add("linear", HISTORY, probabilities(5), {0: "a" * 64, 1: "b" * 64}, 21)
    assert taken.comparison()["accuracy_without_duplicates"].isna().all()


def test_doubted_labels_are_read_as_they_were_written_whatever_their_names(evaluation, evaluated):
    sets = {"test": Predicted(np.array([1, 1, 2, 0]), probabilities(6)[:, [0, 1, 2, 3]])}
    evaluation.doubts = doubts("128", sets, CLASSES)
    Evaluated().write(evaluation)
    (row,) = evaluated.doubted().to_dict("records")
    assert (row["set"], row["index"], row["label"], row["looks_like"]) == ("test", 0, "1", "None")
    assert evaluated.facts().doubted_by == "128"
    assert evaluated.facts().doubted_among == 4


def test_what_is_not_defined_for_a_class_is_an_empty_field(tmp_path):
    taken = Evaluation("linear", [*CLASSES, "d"], LABELS, LABELS)
    four = np.pad(probabilities(0), ((0, 0), (0, 0), (0, 1)))
    taken.add("linear", HISTORY, four, {0: "a" * 64, 1: "b" * 64}, 21)
    Evaluated(tmp_path / "evaluation").write(taken)
    lines = (tmp_path / "evaluation/per_class/linear.csv").read_text().splitlines()
    assert lines[2:] == ["1,,0.0,0.0,2.0", "c,,0.0,0.0,2.0", "d,,,,0.0"]
    assert Evaluated(tmp_path / "evaluation").per_class("linear")["precision"].isna().tolist() == [
        False,
        True,
        True,
        True,
    ]


def test_the_metrics_for_dvc_stand_beside_the_folder(evaluated):
    metrics = json.loads((evaluated.path.parent / "metrics.json").read_text())
    assert set(metrics) == {"128", "linear"}
    assert metrics["128"]["gain"] == pytest.approx(5 / 6 - 3 / 6, abs=1e-6)
    assert "gain" not in metrics["linear"]
    assert metrics["128"]["val_accuracy"] == pytest.approx((0.3 + 0.5) / 2)  # after the last epoch, the mean over seeds
    assert all(metric.key in metrics[variant] for variant in metrics for metric in METRICS)


def test_variants_are_read_in_the_order_in_which_they_are_asked_for_and_others_left_out(evaluated):
    assert evaluated.comparison(["linear", "128"]).variant.tolist() == ["linear", "128"]
    assert evaluated.runs(["linear"]).variant.tolist() == ["linear", "linear"]


def test_a_variant_that_was_not_evaluated_is_named(evaluated):
    rule = r"^reports/evaluation/runs.csv: has no row for the variant 'other'; run `dvc repro evaluate`$"
    with pytest.raises(InputError, match=rule):
        evaluated.runs(["128", "other"])


def test_a_table_of_before_there_was_a_metric_is_refused_by_those_who_need_it(evaluated):
    rule = r"comparison.csv: has no column for the metric 'new'; run `dvc repro evaluate`$"
    with pytest.raises(InputError, match=rule):
        evaluated.comparison(metrics=["loss", "new"])
    assert "loss" in evaluated.comparison(metrics=["loss"])


def test_nothing_of_a_former_evaluation_stays(evaluation, evaluated):
    (evaluated.path / "confusion/former.csv").write_text("")
    evaluated.write(evaluation)
    assert not (evaluated.path / "confusion/former.csv").exists()
    assert evaluated.exists()


def test_a_comparison_that_is_not_possible_touches_nothing(evaluated):
    without = Evaluation("linear", CLASSES, LABELS, LABELS)
    without.add("128", HISTORY, probabilities(5), {0: "a" * 64, 1: "b" * 64}, 21)
    with pytest.raises(InputError, match="baseline: must be one of the variants"):
        evaluated.write(without)
    assert evaluated.comparison().variant.tolist() == ["128", "linear"]


@pytest.mark.parametrize(
    ("content", "rule"),
    [
        ("true,a,b\na,1,x\nb,0,1\n", "must hold numbers"),
        ("true,a,b\na,1,0\n", r"must have as many columns of numbers as rows, got \(1, 2\)"),
        ("", "is damaged"),
    ],
)
def test_a_damaged_matrix_is_refused(evaluated, content, rule):
    (evaluated.path / "confusion/128.csv").write_text(content)
    with pytest.raises(
        InputError, match=rf"^reports/evaluation/confusion/128.csv: {rule}.*; run `dvc repro evaluate`$"
    ):
        evaluated.confusion("128")


def test_a_table_without_variants_is_refused(evaluated):
    (evaluated.path / "runs.csv").write_text("seed\n0\n")
    with pytest.raises(InputError, match=r"runs.csv: must have a column `variant`; run `dvc repro evaluate`$"):
        evaluated.runs()
