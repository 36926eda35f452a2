"""Whether probabilities are frequencies: the calibration error, its interval, and temperature scaling."""

import numpy as np
import pandas as pd
import pytest

from hemline.comparison import calibration as module
from hemline.comparison.calibration import BINS, Calibrations, calibration, resample, scaled, temperature
from hemline.tracking.served import scaled as served_scaled


def draw(seed, images=1500, sharpness=1.0):
    """Return probabilities of a model (1, images, classes) and labels; with a sharpness of 1, it is calibrated."""
    generator = np.random.default_rng(seed)
    true = np.exp(generator.normal(0, 2, (images, 4)))
    true /= true.sum(axis=1, keepdims=True)
    labels = (true.cumsum(axis=1) > generator.random((images, 1))).argmax(axis=1)
    return scaled(true[None], [1 / sharpness]), labels


def error(probabilities, labels):
    return calibration(probabilities, labels, resample(len(labels))).error


def test_a_calibrated_model_has_an_error_of_zero_on_average_and_the_plug_in_estimate_does_not(monkeypatch):
    debiased = [error(*draw(seed)).square for seed in range(100)]
    usual = module._squares
    monkeypatch.setattr(module, "_squares", lambda sums, debiased=False: usual(sums, debiased=False))  # noqa: ARG005
    plug_in = [error(*draw(seed)).square for seed in range(100)]
    for squares, is_zero in ((debiased, True), (plug_in, False)):
        assert (abs(np.mean(squares)) < 2 * np.std(squares) / 10) == is_zero


def test_the_error_is_that_of_the_bins_computed_one_by_one():
    probabilities, labels = draw(3, images=3000, sharpness=2)
    confidence = np.rint(probabilities[0].max(axis=1) * 2**16) / 2**16
    right = probabilities[0].argmax(axis=1) == labels
    order = np.argsort(confidence, kind="stable")
    squares = []
    for places in np.array_split(order, BINS):
        difference = right[places] - confidence[places]
        squares.append(difference.mean() ** 2 - difference.var(ddof=1) / len(places))
    assert error(probabilities, labels).root == pytest.approx(np.sqrt(np.mean(squares)), rel=0.005)


def test_the_error_of_several_seeds_is_the_mean_square():
    (first, labels), (second, _) = draw(1, sharpness=2), draw(2, sharpness=2)
    both = error(np.concatenate([first, second]), labels).square
    assert both == pytest.approx((error(first, labels).square + error(second, labels).square) / 2, rel=0.001)


def test_the_interval_contains_the_true_error_of_a_model_that_is_too_sure():
    true = error(*draw(99, images=200_000, sharpness=1.6)).root
    found = [error(*draw(seed, sharpness=1.6)) for seed in range(40)]
    assert sum(each.low <= true <= each.high for each in found) >= 35
    assert all(each.low > 0 for each in found)


def test_images_of_one_object_make_the_interval_wider():
    probabilities, labels = draw(1, images=300, sharpness=1.6)
    repeated, groups = np.repeat(probabilities, 5, axis=1), np.repeat(np.arange(300), 5)
    alone = calibration(repeated, np.repeat(labels, 5), resample(1500)).error
    grouped = calibration(repeated, np.repeat(labels, 5), resample(1500, groups)).error
    assert grouped.high - grouped.low > 1.5 * (alone.high - alone.low)


def test_seeds_of_one_search_are_drawn_together_which_makes_the_interval_wider():
    (sure, labels), (unsure, _) = draw(4, sharpness=1.8), draw(4, sharpness=1.1)
    both = np.concatenate([sure] * 4 + [unsure] * 4)
    alone, searched = (calibration(both, labels, resample(len(labels)), searches).error for searches in (1, 2))
    assert searched.square == alone.square
    assert searched.high - searched.low > 1.3 * (alone.high - alone.low)


def test_images_in_pieces_give_the_same_digits(monkeypatch):
    found = error(*draw(1))
    monkeypatch.setattr(module, "_PIECE", 700)
    assert error(*draw(1)) == found


def test_the_temperature_undoes_what_made_a_model_too_sure_and_changes_no_answer():
    probabilities, labels = draw(5, images=20_000, sharpness=1.5)
    found = temperature(probabilities[0], labels)
    assert found == pytest.approx(1.5, abs=0.05)
    after = scaled(probabilities, [found])
    assert (after.argmax(axis=2) == probabilities.argmax(axis=2)).all()
    assert error(after, labels).low == 0 < error(probabilities, labels).low


def test_a_served_model_scales_in_the_same_way():
    probabilities = draw(1, images=50)[0].astype(np.float32)
    np.testing.assert_allclose(served_scaled(probabilities[0], 1.7), scaled(probabilities, [1.7])[0], rtol=1e-6)


def test_certain_and_impossible_classes_stay_numbers():
    sure = np.array([[[1, 0], [0, 1], [1, 0]]], np.float32)
    labels = np.array([0, 1, 1])
    assert np.isfinite(scaled(sure, [temperature(sure[0], labels)])).all()
    assert error(sure, labels).root <= 1


def test_without_validation_images_there_is_no_temperature():
    probabilities, labels = draw(1, images=60)
    found = Calibrations(labels)
    found.add("with", probabilities, [(probabilities[0], labels)])
    found.add("without", probabilities, [(probabilities[0, :0], labels[:0])])
    table = found.table().set_index("variant")
    assert table.loc["without", "error"] == table.loc["with", "error"]
    assert pd.isna(table["temperature"]).tolist() == [False, True]
    assert set(found.bins()["variant"]) == {"with", "without"}


def test_bins_have_the_confidence_the_accuracy_and_the_share_of_their_images():
    # Sure by 0.75 of three answers in four, by 0.5 of one in four: 90 % and 40 % of them are right.
    confidence = np.repeat([0.5, 0.75], [100, 300])
    right = np.concatenate([np.arange(100) < 40, np.arange(300) < 270])
    probabilities = np.stack([confidence, 1 - confidence - 0.1, np.full(400, 0.1)], axis=1)
    bins = calibration(probabilities[None], np.where(right, 0, 1), resample(400)).bins
    assert bins["confidence"].tolist() == pytest.approx([0.5, 0.75])
    assert bins["accuracy"].tolist() == pytest.approx([0.4, 0.9])
    assert bins["share"].tolist() == [0.25, 0.75]
    assert (bins["accuracy_low"] < bins["accuracy"]).all()
    assert (bins["accuracy"] < bins["accuracy_high"]).all()


def test_of_very_many_images_several_are_drawn_together_and_the_interval_is_as_long(monkeypatch):
    probabilities, labels = draw(4, images=4000, sharpness=1.6)
    alone = error(probabilities, labels)
    monkeypatch.setattr(module, "_MOST_UNITS", 500)
    together = error(probabilities, labels)
    assert len(resample(4000).weights[0]) == 500
    assert together.square == alone.square
    assert together.high - together.low == pytest.approx(alone.high - alone.low, rel=0.2)
