"""Scores and confusions against values computed by hand."""

import math
import warnings
from typing import Any

import numpy as np
import pytest

from hemline.comparison.confusion import confusion, confusion_difference, row_shares
from hemline.comparison.scores import score
from hemline.errors import InputError

CLASSES = ["ankle boot", "bag", "coat"]
PROBABILITIES = np.array([[0.7, 0.2, 0.1], [0.6, 0.3, 0.1], [0.1, 0.8, 0.1], [0.25, 0.5, 0.25]], dtype=np.float32)
LABELS = np.array([0, 1, 1, 0])


def test_a_score_has_accuracy_and_cross_entropy() -> None:
    result = score(PROBABILITIES, LABELS, CLASSES)
    assert result.accuracy == 0.5
    assert result.metrics["loss"] == pytest.approx(-np.log([0.7, 0.3, 0.8, 0.25]).mean(), rel=1e-6)


def test_a_score_has_a_row_for_each_class_even_for_one_without_images() -> None:
    with warnings.catch_warnings(action="error"):
        per_class = score(PROBABILITIES[:3], LABELS[:3], CLASSES).per_class
    assert per_class.index.tolist() == CLASSES
    assert per_class.loc["ankle boot"].to_dict() == pytest.approx(
        {"precision": 1 / 2, "recall": 1, "f1": 2 / 3, "support": 1}
    )
    assert per_class.loc["bag"].to_dict() == pytest.approx({"precision": 1, "recall": 1 / 2, "f1": 2 / 3, "support": 2})
    assert per_class.loc["coat"].drop("support").isna().all()
    assert per_class.loc["coat", "support"] == 0


def test_what_is_not_defined_for_a_class_is_not_called_zero() -> None:
    # "bag" is never predicted, "coat" has no image.
    taken = np.array([[0.8, 0.1, 0.1], [0.8, 0.1, 0.1], [0.1, 0.1, 0.8]])
    with warnings.catch_warnings(action="error"):
        per_class = score(taken, np.array([0, 1, 0]), CLASSES).per_class
    assert np.isnan(per_class.loc["bag", "precision"])
    assert per_class.loc["bag", ["recall", "f1"]].tolist() == [0, 0]
    assert per_class.loc["coat", "precision"] == 0
    assert per_class.loc["coat", ["recall", "f1"]].isna().all()


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_certain_mistake_costs_the_same_in_either_precision(dtype: Any) -> None:
    certain = np.array([[1.0, 0.0], [0.0, 1.0]], dtype=dtype)
    loss = score(certain, np.array([1, 1]), ["a", "b"]).metrics["loss"]
    assert loss == pytest.approx(-math.log(2.0**-23) / 2, rel=1e-5)


def test_probabilities_that_rounding_put_above_one_are_accepted_without_a_warning() -> None:
    rounded = np.array([[1.0000001, 0.0], [0.3333333, 0.6666666]])
    with warnings.catch_warnings(action="error"):
        result = score(rounded, np.array([0, 1]), ["a", "b"])
    assert result.accuracy == 1


def test_a_confusion_matrix_has_true_rows_and_predicted_columns_for_all_classes() -> None:
    counts = confusion(np.array([0, 0, 0, 1]), np.array([0, 1, 1, 0]), 3)
    assert counts.tolist() == [[1, 2, 0], [1, 0, 0], [0, 0, 0]]
    assert counts.dtype == np.int64


def test_normalised_rows_are_shares_of_the_true_class_and_zeros_without_images() -> None:
    with warnings.catch_warnings(action="error"):
        shares = row_shares(np.array([[1, 3, 0], [1, 1, 0], [0, 0, 0]]))
    assert shares.tolist() == [[0.25, 0.75, 0], [0.5, 0.5, 0], [0, 0, 0]]


def test_a_confusion_difference_compares_shares_not_counts() -> None:
    # The variant's counts come from two trainings, the baseline's from one.
    variant, baseline = np.array([[16, 4], [0, 20]]), np.array([[6, 4], [0, 10]])
    difference = confusion_difference(variant, baseline)
    assert difference == pytest.approx(np.array([[0.2, -0.2], [0, 0]]))


@pytest.mark.parametrize(
    ("call", "line"),
    [
        (
            lambda: score(PROBABILITIES, np.array([0, 1, 3, 0]), CLASSES),
            "labels: must be from 0 to 2, the number of classes less one, got 3",
        ),
        (
            lambda: score(PROBABILITIES, np.array([0, 1, -1, 0]), CLASSES),
            "labels: must be from 0 to 2, the number of classes less one, got -1",
        ),
        (
            lambda: score(PROBABILITIES, np.array([0.0, 1.0, 1.0, 0.0]), CLASSES),
            "labels: must be whole numbers, one per image, got float64 (4,)",
        ),
        (
            lambda: score(PROBABILITIES[:0], LABELS[:0], CLASSES),
            "labels: must be whole numbers, one per image, got int64 (0,)",
        ),
        (
            lambda: score(PROBABILITIES[:, :2], LABELS, CLASSES),
            "probabilities: must be of shape (images, classes) (4, 3), got (4, 2)",
        ),
        (
            lambda: score(PROBABILITIES[:3], LABELS, CLASSES),
            "probabilities: must be of shape (images, classes) (4, 3), got (3, 3)",
        ),
        (lambda: score(np.full((4, 3), np.nan), LABELS, CLASSES), "probabilities: must be finite, got NaN or infinity"),
        (
            lambda: score(2 * PROBABILITIES, LABELS, CLASSES),
            "probabilities: must be at least 0 and sum to 1 for each image, got a minimum of 0.2 and a sum of 2",
        ),
        (
            lambda: score(np.array([[1.5, -0.5]]), np.array([0]), ["a", "b"]),
            "probabilities: must be at least 0 and sum to 1 for each image, got a minimum of -0.5 and a sum of 1",
        ),
        (lambda: score(np.ones((1, 1)), np.array([0]), ["a"]), "classes: must be at least two names, got"),
        (
            lambda: confusion(LABELS, np.array([0, 1, 2, 5]), 3),
            "predicted: must be from 0 to 2, the number of classes less one, got 5",
        ),
        (lambda: confusion(LABELS, LABELS[:3], 3), "predicted: must be as many as the 4 labels, got 3"),
        (lambda: row_shares(np.ones((2, 3), int)), "counts: must be square (classes, classes), got (2, 3)"),
        (
            lambda: confusion_difference(np.ones((2, 2), int), np.ones((3, 3), int)),
            "variant_counts: must be of the baseline's shape (3, 3), got (2, 2)",
        ),
    ],
)
def test_an_input_that_breaks_a_rule_gets_one_line(call: Any, line: str) -> None:
    with pytest.raises(InputError) as refusal:
        call()
    assert str(refusal.value).startswith(line)
    assert "\n" not in str(refusal.value)
