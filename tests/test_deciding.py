"""The metric that decides: its gains, signs and units, wherever a decision is made or told."""

import math

import numpy as np
import pandas as pd
import pytest
from report_data import Inputs, comparison, facts
from sklearn.metrics import balanced_accuracy_score

from commands.gate import margin_of
from hemline.comparison.doubts import Predicted
from hemline.comparison.evaluation import Evaluation
from hemline.comparison.metrics import decision_of, find_metric
from hemline.comparison.promotion import challenge, choose, describe_challenge
from hemline.comparison.selection import best_by_validation
from hemline.comparison.statistics import compare
from hemline.errors import InputError
from hemline.gate.changes import compare_predictions, judge
from hemline.gate.outcome import Outcome
from hemline.gate.page import render
from hemline.report.verdict import describe

NAMES = ["accuracy", "balanced_accuracy", "log_loss", "brier"]
LABELS = np.repeat([0, 1], [950, 50])


def probabilities(recalls, certainty=0.9, seeds=4):
    """Return those of trainings that are right about a share of each class's images, with so much certainty."""
    rng = np.random.default_rng(round(1000 * sum(recalls)))
    right = rng.random((seeds, len(LABELS))) < np.array(recalls)[LABELS]
    own = np.where(right, certainty, 1 - certainty)[..., None]
    return np.where(np.arange(2) == LABELS[:, None], own, 1 - own).astype(np.float32)


def evaluate(metric, variant, baseline):
    evaluation = Evaluation("linear", ["usual", "rare"], LABELS, LABELS, metric=find_metric(metric))
    seeds = range(len(baseline))
    history = pd.DataFrame({"seed": seeds, "epoch": 1, "loss": 0.5, "accuracy": 0.5, "val_loss": 0.5})
    for name, own in {"linear": baseline, "dense": variant}.items():
        models = {seed: str(seed) for seed in seeds}
        evaluation.add(name, history.assign(val_accuracy=0.5), own, models, 3, validation=[Predicted(LABELS, own)])
    return evaluation


def test_an_unknown_metric_is_refused_with_those_that_there_are():
    with pytest.raises(InputError, match=r"^params\.yaml: metric: must be one of accuracy, log_loss, .*, got 'f1'$"):
        find_metric("f1")


def test_a_variant_that_loses_the_rare_class_is_better_by_accuracy_and_worse_by_balanced_accuracy():
    baseline, variant = probabilities([0.93, 0.62]), probabilities([0.99, 0.34])
    verdicts = {name: evaluate(name, variant, baseline).comparison()["verdict"].iloc[1] for name in NAMES[:2]}
    assert verdicts == {"accuracy": "better", "balanced_accuracy": "worse"}


@pytest.mark.parametrize("name", NAMES)
def test_a_gain_is_the_difference_of_the_metric_and_positive_where_the_variant_is_better(name):
    baseline, variant = probabilities([0.8, 0.6]), probabilities([0.95, 0.8])
    evaluation = evaluate(name, variant, baseline)
    (first, second), metric = evaluation.comparison().to_dict("records"), find_metric(name)
    sign = -1 if decision_of(metric).is_loss else 1
    assert second["gain"] == pytest.approx(sign * (second[metric.key] - first[metric.key]), rel=1e-5)
    assert second["gain_low"] < second["gain"] < second["gain_high"]
    assert second["gain"] > 0
    assert second["verdict"] == "better"
    assert second[f"{metric.key}_low"] < second[metric.key] < second[f"{metric.key}_high"]
    assert ("brier" in evaluation.metrics()["dense"]) == (name == "brier")


def test_losses_are_those_of_their_definitions():
    own = probabilities([0.8, 0.6], certainty=0.75, seeds=1)
    right = own.argmax(axis=-1)[0] == LABELS
    losses = decision_of(find_metric("log_loss")).scores(own, LABELS)
    briers = decision_of(find_metric("brier")).scores(own, LABELS)
    assert losses[0] == pytest.approx(np.where(right, math.log(0.75), math.log(0.25)), rel=1e-5)
    assert briers[0] == pytest.approx(-2 * np.where(right, 0.25, 0.75) ** 2, rel=1e-5)


def test_the_variance_of_a_balanced_gain_is_that_of_the_classes_means():
    rng = np.random.default_rng(4)
    labels = np.repeat([0, 1], [9000, 1000])
    variant, baseline = (rng.random((1, 10_000)) < share for share in (0.9, 0.8))
    found, differences = compare(variant, baseline, labels=labels), variant[0] * 1.0 - baseline[0]
    classes = [differences[labels == each] for each in (0, 1)]
    assert found.gain == pytest.approx(np.mean([own.mean() for own in classes]))
    recalls = [balanced_accuracy_score(labels, np.where(own[0], labels, 1 - labels)) for own in (variant, baseline)]
    assert found.gain == pytest.approx(recalls[0] - recalls[1])
    expected = math.sqrt(sum(own.var(ddof=1) / len(own) for own in classes)) / 2
    assert found.standard_error == pytest.approx(expected, rel=0.01)


def test_a_rare_class_that_both_know_does_not_make_a_balanced_gain_certain():
    labels = np.repeat([0, 1], [190, 10])
    right = np.ones((4, 200), bool)
    found = compare(right, right, labels=labels)
    assert found.gain == 0
    assert found.low < -0.05
    assert found.high > 0.05


def test_groups_widen_a_balanced_gain():
    rng, labels = np.random.default_rng(5), np.repeat(np.arange(100) % 2, 10)
    variant, baseline = (np.repeat(rng.random((1, 100)) < share, 10, axis=1) for share in (0.8, 0.7))
    alone = compare(variant, baseline, labels=labels)
    together = compare(variant, baseline, labels=labels, groups=np.repeat(np.arange(100), 10))
    assert together.standard_error > 2.5 * alone.standard_error


def test_the_choice_by_validation_follows_the_sign():
    values = pd.Series({"a": 0.3, "b": 0.5})
    assert best_by_validation(values, find_metric("log_loss")) == "a"
    assert best_by_validation(values, find_metric("balanced_accuracy")) == "b"
    runs = evaluate("brier", probabilities([0.95, 0.8]), probabilities([0.8, 0.6])).runs()
    candidate = choose(runs, find_metric("brier"))
    assert candidate.variant == "dense"
    assert candidate.own_validation == runs.loc[runs["variant"] == "dense", "val_brier"].min()
    assert "validation Brier score" in candidate.describe()
    assert "%" not in candidate.describe()


def test_a_challenge_is_told_in_the_metric_s_unit():
    decision = decision_of(find_metric("log_loss"))
    scores = [decision.scores(probabilities(each, seeds=1), LABELS)[0] for each in ([0.95, 0.8], [0.8, 0.6])]
    told = describe_challenge(challenge(*scores), "the champion", find_metric("log_loss"))
    assert told.startswith("it is better than the champion on 1,000 test images: +")
    assert " nats of log loss (95 % interval +" in told
    assert "points" not in told


def test_the_answer_is_in_the_metric_s_unit_and_says_what_a_gain_is():
    table = comparison(Inputs()).assign(brier=0.3)
    runs = pd.DataFrame({"variant": ["linear"], "seed": [0], "test_accuracy": [0.8]})

    def told(name):
        means = pd.Series(dict.fromkeys(table["variant"], 0.5))
        given = {"seeds": 4, "test_images": 1000, "runs": runs, "metric": find_metric(name)}
        return " ".join(describe(table, means, "linear", "Tiny", facts(Inputs()), **given).sentences)

    assert "percentage points of test balanced accuracy" in told("balanced_accuracy")
    assert "nats of test log loss" in told("log_loss")
    for name in NAMES[2:]:
        assert "percentage points" not in told(name)
        assert f"A gain is the decrease in {decision_of(find_metric(name)).words}." in told(name)


def test_the_gate_is_by_the_metric_and_in_its_unit():
    metric = find_metric("log_loss")
    decision = decision_of(metric)
    old, new = (dict(enumerate(decision.scores(probabilities(each), LABELS))) for each in ([0.95, 0.8], [0.8, 0.6]))
    change = compare_predictions("dense", old, new, metric=metric, labels=LABELS)
    judged = judge([change], None, shares=False)
    text = render(Outcome("main", "0" * 40, judged, None, "linear", 1000, 0, metric))
    assert judged[0].fails
    assert change.new > change.old > 0
    assert "Difference, nats [95 % interval]" in text
    assert "The log loss decides" in text
    assert "points" not in text
    assert margin_of("0.5", decision.unit) == 0.5
    assert margin_of("0.5") == 0.005
