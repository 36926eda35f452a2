"""The metrics beside accuracy, against values computed by hand; those that are added need no test here to be held."""

import math

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import log_loss

from hemline.comparison.evaluation import Evaluation
from hemline.comparison.metrics import METRICS, image_losses, shown_metrics

PROBABILITIES = np.array([[0.7, 0.2, 0.1], [0.6, 0.3, 0.1], [0.1, 0.8, 0.1], [0.25, 0.5, 0.25]], dtype=np.float32)
LABELS = np.array([0, 1, 1, 0])
BY_KEY = {metric.key: metric for metric in METRICS}
# What the tables have beside the metrics, and MLflow's runs beside `test_<key>`.
TAKEN = {"variant", "seeds", "seed", "epochs", "parameters", "accuracy", "gain", "verdict", "model_sha256"}


def test_the_loss_is_the_mean_cross_entropy_in_nats():
    assert BY_KEY["loss"].compute(PROBABILITIES, LABELS) == pytest.approx(-np.log([0.7, 0.3, 0.8, 0.25]).mean())


def test_the_losses_of_single_images_have_scikit_learn_s_mean_to_the_last_bit():
    generator = np.random.default_rng(0)
    probabilities = generator.dirichlet(np.full(10, 0.05), 1000).astype(np.float32)
    labels = generator.integers(0, 10, 1000)
    assert (probabilities[np.arange(1000), labels] < 1e-7).any()
    expected = log_loss(labels, probabilities, labels=range(10))
    assert BY_KEY["loss"].compute(probabilities, labels) == expected
    # The same numbers from a CSV file.
    assert BY_KEY["loss"].compute(probabilities.astype(np.float64), labels) == expected


def test_the_losses_of_several_trainings_are_taken_at_once():
    both = np.stack([PROBABILITIES, PROBABILITIES[::-1]])
    losses = image_losses(both, LABELS)
    assert losses.dtype == np.float32
    assert losses[0] == pytest.approx(-np.log([0.7, 0.3, 0.8, 0.25]))
    assert losses[1] == pytest.approx(-np.log([0.25, 0.8, 0.3, 0.7]))


def test_a_class_without_an_image_changes_no_loss():
    assert BY_KEY["loss"].compute(PROBABILITIES[:1], LABELS[:1]) == pytest.approx(-math.log(0.7))


def test_the_loss_is_printed_with_four_digits():
    assert BY_KEY["loss"].show(0.34567) == "0.3457"


@pytest.mark.parametrize("metric", METRICS, ids=lambda metric: metric.key)
def test_every_metric_is_one_number_that_can_be_printed(metric):
    value = metric.compute(PROBABILITIES, LABELS)
    assert isinstance(value, float)
    assert math.isfinite(value)
    assert metric.show(value)
    assert metric.heading


def test_every_metric_has_a_key_of_its_own():
    keys = [metric.key for metric in METRICS]
    assert len(set(keys)) == len(keys)
    assert not set(keys) & TAKEN
    assert all(key.isidentifier() for key in keys)


def test_the_comparison_has_the_mean_of_every_metric_over_the_seeds():
    history = pd.DataFrame({"seed": [0, 1], "epoch": 1, "loss": 0.5, "accuracy": 0.5, "val_loss": 0.5})
    evaluation = Evaluation("linear", ["a", "b", "c"], LABELS, LABELS)
    both = np.stack([PROBABILITIES, PROBABILITIES[::-1]])
    evaluation.add("linear", history.assign(val_accuracy=0.5), both, {0: "0" * 64, 1: "1" * 64}, 3)
    (row,) = evaluation.comparison().to_dict("records")
    for metric in METRICS:
        assert row[metric.key] == pytest.approx(np.mean([metric.compute(each, LABELS) for each in both]))
        assert evaluation.metrics()["linear"][metric.key] == pytest.approx(row[metric.key], abs=1e-6)
        if metric.scores:
            assert 0 <= row[f"{metric.key}_low"] <= row[metric.key] <= row[f"{metric.key}_high"] <= 1


def test_what_says_no_more_than_accuracy_where_classes_are_of_one_size_is_shown_elsewhere_only():
    assert {metric.key for metric in METRICS} - {metric.key for metric in shown_metrics(imbalanced=False)} == {
        "balanced_accuracy",
        "macro_f1",
    }
    assert shown_metrics(imbalanced=True) == list(METRICS)
