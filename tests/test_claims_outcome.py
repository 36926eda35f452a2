"""What trainings gave, as the claims ask for it."""

import numpy as np
import pandas as pd

from hemline.claims.outcome import Outcome

# Seed 7 was trained first, and stopped after two of three epochs; the file is sorted.
SEEDS = [7, 3]
HISTORY = pd.DataFrame(
    [(3, 1, 0.7), (3, 2, 0.6), (3, 3, 0.5), (7, 1, 0.9), (7, 2, 0.8)], columns=["seed", "epoch", "loss"]
).assign(val_loss=np.nan)
CORRECT = np.array([[True, False], [False, False]])
LOSSES = np.array([[0.1, 2.0], [1.0, 3.0]], np.float32)


def outcome(seconds=None):
    return Outcome.of_history(HISTORY, SEEDS, correct=CORRECT, losses=LOSSES, epochs=5, seconds=seconds)


def test_the_seeds_stand_in_the_order_of_the_other_arrays():
    assert outcome().last_epochs.tolist() == [2, 3]
    np.testing.assert_array_equal(outcome().curves("loss"), [[0.9, 0.8, np.nan], [0.7, 0.6, 0.5]])


def test_a_value_is_that_of_the_last_epoch_or_of_those_that_got_to_one():
    assert outcome().values("loss").tolist() == [0.8, 0.5]
    assert outcome().values("loss", 1).tolist() == [0.9, 0.7]
    assert outcome().values("loss", 3).tolist() == [0.5]
    assert outcome().values("loss", 4).tolist() == []


def test_times_that_are_not_known_are_left_out():
    assert outcome().measured("seconds") is None
    assert outcome(np.array([1.0, np.nan])).measured("seconds") is None
    assert outcome(np.array([1.0, 2.0])).measured("seconds").tolist() == [1.0, 2.0]
    assert outcome(np.array([1.0, np.nan, 2.0])).measured("seconds").tolist() == [1.0, 2.0]


def test_chosen_trainings_are_the_same_rows_everywhere():
    taken = outcome(np.array([1.0, 2.0])).taking(np.array([1, 1, 0]))
    assert taken.n_seeds == 3
    assert taken.values("loss").tolist() == [0.5, 0.5, 0.8]
    assert taken.correct.tolist() == [[False, False], [False, False], [True, False]]
    assert taken.losses.tolist() == LOSSES[[1, 1, 0]].tolist()
    assert taken.measured("seconds").tolist() == [2.0, 2.0, 1.0]
    assert taken.epochs == 5
