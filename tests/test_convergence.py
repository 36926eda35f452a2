"""A training that still improved when it ended has not shown what it can reach."""

import numpy as np
import pandas as pd
import pytest

from benchmarks.simulated_convergence import stopped
from hemline.comparison.convergence import holds_only_so_far, still_improves


def history(*losses: list[float]) -> pd.DataFrame:
    """One row a seed and epoch, from a list of validation losses for each seed."""
    rows = [(seed, epoch, loss) for seed, each in enumerate(losses) for epoch, loss in enumerate(each, start=1)]
    return pd.DataFrame(rows, columns=["seed", "epoch", "val_loss"])


@pytest.mark.parametrize("seeds", [1, 2, 4])
def test_losses_that_fall_in_a_straight_line_still_improve(seeds: int) -> None:
    assert still_improves(history(*([2.0 - 0.01 * seed, 1.8, 1.6 + 0.01 * seed] for seed in range(seeds))))


@pytest.mark.parametrize("seeds", [1, 2, 4])
def test_losses_that_have_levelled_off_do_not(seeds: int) -> None:
    assert still_improves(history(*([2.0, 0.502, 0.5 + 0.001 * seed] for seed in range(seeds)))) is False


@pytest.mark.parametrize(("fall", "improves"), [(0.019, False), (0.021, True)])
def test_a_fall_counts_from_two_standard_errors_between_seeds_on(fall: float, improves: bool) -> None:
    # Four falls with a standard deviation of 0.02: their mean has a standard error of 0.01.
    falls = fall + 0.02 * np.array([-1.5, -0.5, 0.5, 1.5]) / np.std([-1.5, -0.5, 0.5, 1.5], ddof=1)
    assert still_improves(history(*([float(0.5 + each), 0.5] for each in falls))) is improves


@pytest.mark.parametrize(("fall", "improves"), [(0.009, False), (0.011, True)])
def test_of_seeds_that_agree_a_fall_counts_from_a_fiftieth_of_the_loss_on(fall: float, improves: bool) -> None:
    assert still_improves(history(*([0.5 + fall, 0.5] for _ in range(4)))) is improves


@pytest.mark.parametrize(("last", "improves"), [(0.0009, False), (0.0012, True)])
def test_a_training_that_has_hardly_begun_improves_by_however_little(last: float, improves: bool) -> None:
    # Less than 2 % of the loss either way, but more than a tenth of what it has fallen by so far, or less.
    losses = np.array([1.0, 0.997, 0.994, 0.991, 0.991 - last])
    # Seeds that are not quite alike tell the noise.
    assert still_improves(history(*((losses * scale).tolist() for scale in (1, 1.001)))) is improves
    assert still_improves(history(losses.tolist())) is False


@pytest.mark.parametrize(("changes", "improves"), [(3, True), (4, False)])
def test_noise_between_epochs_counts_from_four_changes_on(changes: int, improves: bool) -> None:
    # Level at 1, then a fall of 3 % on average between losses that go up and down by far more.
    jumps = [1.37, 0.57, 1.37, 0.57][-changes:]
    assert still_improves(history([1.0] * (5 * changes - changes) + jumps)) is improves


def falls_at(epoch: int, epochs: int = 20) -> pd.DataFrame:
    """Return two trainings that are level but for one fall at the end of an epoch."""
    return history(*2 * [[1.0] * epoch + [0.5] * (epochs - epoch)])


def test_the_last_fifth_is_looked_at_and_three_hundred_steps_at_least() -> None:
    assert still_improves(falls_at(16)) is True
    assert still_improves(falls_at(14)) is False
    # The last five epochs have 300 steps of 60 each, the last four of 75.
    assert still_improves(falls_at(14), steps_per_epoch=60) is True
    assert still_improves(falls_at(14), steps_per_epoch=75) is False


def test_what_epochs_differ_by_at_random_is_no_fall() -> None:
    noisy = [0.5 + 0.1 * (-1) ** epoch for epoch in range(38)] + [0.48, 0.48]
    assert still_improves(history(noisy)) is False
    assert still_improves(history([0.52] * 32 + [0.5] * 8)) is True
    # The same fall, and as much between epochs as hides it.
    hidden = np.array([0.52] * 32 + [0.5] * 8) + np.tile([0.02, -0.02, 0.02, -0.02], 10)
    assert still_improves(history(hidden.tolist())) is False


def test_a_last_epoch_that_makes_up_for_a_bad_one_is_no_improvement() -> None:
    assert still_improves(history([0.5, 0.4, 0.6, 0.4], [0.5, 0.4, 0.7, 0.4])) is False


def test_seeds_that_stopped_at_different_epochs_are_each_seen_at_their_own_end() -> None:
    assert still_improves(history([2.0, 1.8, 1.6], [1.9, 1.6]))


@pytest.mark.parametrize("unknown", [history([0.5], [0.6]), history([0.5, 0.4], [0.6]), history([np.nan, np.nan])])
def test_after_one_epoch_or_without_validation_it_is_unknown(unknown: pd.DataFrame) -> None:
    assert still_improves(unknown) is None


@pytest.mark.parametrize("name", ["digits, linear", "digits, 32 units", "Fashion-MNIST, linear"])
def test_real_trainings_improve_still_after_a_fifth_and_half_of_what_they_need_and_not_after_twice_that(
    name: str,
) -> None:
    assert [stopped(name, share, seeds=4, repetitions=20) for share in (0.2, 0.5, 2)] == [1, 1, 0]


@pytest.mark.parametrize(
    ("verdict", "variant", "baseline", "so_far"),
    [
        ("better", False, True, True),  # the baseline may catch up
        ("better", True, False, False),  # the variant may only get further ahead
        ("worse", True, False, True),
        ("worse", False, True, False),
        ("no difference shown", True, False, True),
        ("no difference shown", False, True, True),
        ("no difference shown", False, False, False),
        ("too few to tell", None, True, True),
        ("better", None, None, False),
        (None, True, True, False),
    ],
)
def test_a_verdict_holds_only_so_far_where_more_epochs_could_overturn_it(verdict, variant, baseline, so_far) -> None:
    assert holds_only_so_far(verdict, variant, baseline) is so_far
