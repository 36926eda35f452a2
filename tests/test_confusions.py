"""Confusions are called less or more frequent where a test shows it, and nowhere else."""

import numpy as np
import pandas as pd
import pytest

from hemline.comparison import statistics
from hemline.comparison.confusion import Answers, most_frequent
from hemline.report.confusions import in_words

CLASSES = ["cat", "dog", "eel"]


def answers(rng, labels, confusions, seeds=4):
    """Return predictions that take a share of one class for another, drawn for every training and image."""
    predicted = np.tile(labels, (seeds, 1))
    for (true, taken), share in confusions.items():
        predicted[(labels == true) & (rng.random(predicted.shape) < share)] = taken
    return predicted


def test_what_differs_clearly_is_shown_and_what_does_not_is_not():
    rng, labels = np.random.default_rng(0), np.repeat([0, 1, 2], 300)
    baseline = answers(rng, labels, {(0, 1): 0.3, (1, 2): 0.02, (2, 0): 0.1})
    variant = answers(rng, labels, {(0, 1): 0.1, (1, 2): 0.2, (2, 0): 0.1})
    table = most_frequent(Answers(labels, variant, baseline), CLASSES)
    assert dict(zip(zip(table["true"], table["predicted"], strict=True), table["outcome"], strict=True)) == {
        ("cat", "dog"): "less frequent",
        ("dog", "eel"): "more frequent",
        ("eel", "cat"): "no difference shown",
    }
    first = table.iloc[0]
    expected = statistics.compare(variant[:, :300] == 1, baseline[:, :300] == 1)
    assert (first["low"], first["high"]) == (expected.low, expected.high)
    assert first["after"] - first["before"] == pytest.approx(expected.gain)
    # Of three, another one has the smallest p.
    assert first["p_holm"] == pytest.approx(2 * expected.cautious_p_value)


def test_of_variants_that_do_not_differ_hardly_any_confusion_is_called_changed():
    # The most frequent ones of the baseline alone would be less frequent in any other variant, by chance.
    rng, labels = np.random.default_rng(1), np.repeat(np.arange(6), 40)
    shares = {(true, taken): 0.05 for true in range(6) for taken in range(6) if true != taken}
    changed, changes = 0, []
    for _ in range(40):
        variant, baseline = answers(rng, labels, shares), answers(rng, labels, shares)
        table = most_frequent(Answers(labels, variant, baseline), list("abcdef"))
        changed += (table["outcome"] != "no difference shown").any()
        changes.append((table["after"] - table["before"]).mean())
    assert len(table) == 10
    assert changed <= 5
    assert abs(np.mean(changes)) < 3 * np.std(changes) / np.sqrt(40)


def test_a_class_of_one_image_or_one_group_has_no_interval():
    labels = np.array([0, 1, 1, 1])
    predicted = np.array([[1, 0, 0, 1]] * 2)
    table = most_frequent(Answers(labels, predicted, predicted, np.array([0, 1, 1, 1])), CLASSES)
    assert table["low"].isna().all()
    assert (table["outcome"] == "no difference shown").all()


def told(*outcomes, true="cat"):
    return pd.DataFrame(
        [{"true": f"{true}{n}", "predicted": "dog", "outcome": each} for n, each in enumerate(outcomes)]
    )


def test_a_verb_stands_only_where_a_test_shows_it():
    assert in_words(told("less frequent", "no difference shown", "more frequent"), "dense", "linear") == (
        "Of the most frequent confusions of linear and dense, dense is shown to make cat0 taken for dog less often; "
        "dense is shown to make cat2 taken for dog more often; for 1 no difference is shown."
    )
    assert in_words(told(), "dense", "linear") == "dense and linear confuse no classes of these test images."


def test_a_long_list_is_cut_and_counted():
    words = in_words(told(*7 * ["less frequent"]), "dense", "linear")
    assert "cat2 taken for dog, cat3 taken for dog and 3 others less often." in words


def test_names_that_are_read_from_right_to_left_do_not_turn_the_sentence_around():
    assert "\u2068قطة0\u2069 taken for dog" in in_words(told("less frequent", true="قطة"), "dense", "linear")
