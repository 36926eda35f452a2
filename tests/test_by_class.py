"""Balanced accuracy and macro F1: their values are scikit-learn's, their intervals hold the truth."""

import math
import warnings
from functools import partial

import numpy as np
import pytest
from sklearn.metrics import balanced_accuracy_score, f1_score

from benchmarks import simulated_classes
from benchmarks.simulated_classes import CLASSES, coverage
from hemline.comparison.by_class import class_mean_scores
from hemline.comparison.crossed import Crossed
from hemline.comparison.metrics import balanced_accuracy, macro_f1
from hemline.comparison.statistics import accuracy_interval, figure_interval

SCORES = {balanced_accuracy: partial(class_mean_scores, f1=False), macro_f1: partial(class_mean_scores, f1=True)}
figures = pytest.mark.parametrize("figure", SCORES, ids=lambda figure: figure.__name__)


def answers(n_classes, images=200, seeds=3):
    """Return labels of classes of very different size, and predictions that are mostly right."""
    generator = np.random.default_rng(n_classes)
    shares = np.arange(1, n_classes + 1) ** 2
    labels = generator.choice(n_classes, images, p=shares / shares.sum())
    wrong = generator.random((seeds, images)) < 0.3
    return labels, np.where(wrong, generator.integers(0, n_classes, (seeds, images)), labels)


@pytest.mark.parametrize("n_classes", [2, 3, 10])
def test_the_figures_are_those_of_scikit_learn(n_classes):
    labels, (predicted, _, _) = answers(n_classes, images=2000)
    assert balanced_accuracy(labels, predicted) == pytest.approx(balanced_accuracy_score(labels, predicted))
    assert macro_f1(labels, predicted) == pytest.approx(f1_score(labels, predicted, average="macro"))
    # Those of the made-up trainings below are reckoned without scikit-learn.
    quick = [simulated_classes.figure(labels, predicted, n_classes + 1, f1=f1) for f1 in (False, True)]
    assert quick == pytest.approx([balanced_accuracy(labels, predicted), macro_f1(labels, predicted)])


def test_a_class_without_test_images_is_left_out_of_the_mean_even_if_it_is_predicted():
    labels, predicted = np.array([0, 0, 1, 1]), np.array([0, 2, 1, 1])
    with warnings.catch_warnings(action="error"):
        assert balanced_accuracy(labels, predicted) == (1 / 2 + 1) / 2
        assert macro_f1(labels, predicted) == pytest.approx((2 / 3 + 1) / 2)
        for scores in SCORES.values():
            assert np.isfinite(scores(labels, predicted[None], 3)).all()


def test_always_answering_one_of_two_classes_is_half_right_whatever_their_sizes():
    labels = np.repeat([0, 1], [95, 5])
    assert balanced_accuracy(labels, np.zeros(100, int)) == 0.5
    assert macro_f1(labels, np.zeros(100, int)) == pytest.approx((2 * 95 / 195 + 0) / 2)


@figures
def test_the_scores_lie_around_the_figure_of_each_training(figure):
    labels, predicted = answers(4, images=5000)
    means = SCORES[figure](labels, predicted, 4).mean(axis=1)
    assert means == pytest.approx([figure(labels, own) for own in predicted], abs=0.002)


@figures
def test_the_standard_error_is_that_of_drawing_the_test_images_anew(figure):
    labels, (predicted, _, _) = answers(4, images=2000)
    generator = np.random.default_rng(1)
    drawn = [generator.integers(0, 2000, 2000) for _ in range(2000)]
    f1 = figure is macro_f1
    bootstrap = np.std([simulated_classes.figure(labels[each], predicted[each], 4, f1=f1) for each in drawn])
    assert Crossed.of(SCORES[figure](labels, predicted[None], 4)).error == pytest.approx(bootstrap, rel=0.08)


def test_with_classes_of_one_size_the_interval_of_balanced_accuracy_is_nearly_that_of_accuracy():
    labels, predicted = answers(2, images=8000)
    labels = np.arange(8000) % 2
    predicted = np.where(predicted == 0, 1 - labels, labels)
    accuracy = accuracy_interval(predicted == labels)
    interval = figure_interval(accuracy.estimate, class_mean_scores(labels, predicted, 2, f1=False))
    assert (interval.low, interval.high) == pytest.approx((accuracy.low, accuracy.high), abs=1e-3)


@figures
def test_a_rare_class_whose_few_images_are_all_right_does_not_make_the_figure_certain(figure):
    labels = np.repeat([0, 1], [990, 10])
    interval = figure_interval(1.0, SCORES[figure](labels, np.stack([labels] * 4), 2))
    assert interval.high == 1
    # Ten of ten are right in one of nine cases where a class's recall is 0.8, which makes the mean of the recalls 0.9,
    # and that of F1 0.94.
    assert interval.low < (0.9 if figure is balanced_accuracy else 0.94)


def test_the_interval_holds_the_figure_that_it_is_of():
    labels = np.repeat([0, 1], [3, 1])
    interval = figure_interval(0.0, class_mean_scores(labels, 1 - labels[None], 2, f1=True))
    assert interval.low == interval.estimate == 0


@pytest.mark.trials(few=60, many=5000)
@pytest.mark.parametrize("seeds", [2, 4, 10])
@pytest.mark.parametrize("classes", CLASSES.values(), ids=CLASSES.keys())
def test_the_95_percent_intervals_hold_the_truth_in_at_least_91_percent_of_cases(classes, seeds, repetitions):
    held = coverage(classes, seeds, repetitions)
    print(held)
    assert min(held) >= 0.91 - 3 * math.sqrt(0.91 * 0.09 / repetitions)


@pytest.mark.trials(few=200, many=5000)
def test_without_the_added_images_they_would_not(monkeypatch, repetitions):
    # Shows that these made-up trainings can tell a right interval from a wrong one.
    monkeypatch.setattr("hemline.comparison.by_class._ADDED", 0.0)
    held = coverage(CLASSES["950 and 50 images, both are easy"], 4, repetitions)
    assert held.balanced_accuracy < 0.85
