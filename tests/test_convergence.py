"""A training that still improved when it ended has not shown what it can reach."""

import numpy as np
import pandas as pd
import pytest

from benchmarks.forty_trainings import validation_losses
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


def test_a_fall_that_another_seed_would_change_as_much_is_none() -> None:
    # The last epoch lowers the loss by 0.05, far more than the smallest that counts; the seeds differ by more.
    assert still_improves(history([0.6, 0.40], [0.4, 0.40], [0.5, 0.45], [0.5, 0.55])) is False
    assert still_improves(history([0.6, 0.45], [0.6, 0.45], [0.5, 0.45], [0.5, 0.45]))


@pytest.mark.parametrize(("fall", "improves"), [(0.09, False), (0.11, True)])
def test_a_fall_counts_from_two_standard_deviations_between_seeds_on(fall: float, improves: bool) -> None:
    # Four last losses with a standard deviation of 0.05.
    last = 0.5 + 0.05 * np.array([-1.5, -0.5, 0.5, 1.5]) / np.std([-1.5, -0.5, 0.5, 1.5], ddof=1)
    assert still_improves(history(*([float(each + fall), float(each)] for each in last))) is improves


@pytest.mark.parametrize(("fall", "improves"), [(0.009, False), (0.011, True)])
def test_of_seeds_that_agree_a_fall_counts_from_a_fiftieth_of_the_loss_on(fall: float, improves: bool) -> None:
    assert still_improves(history(*([0.5 + fall, 0.5] for _ in range(4)))) is improves


def test_a_last_epoch_that_makes_up_for_a_bad_one_is_no_improvement() -> None:
    assert still_improves(history([0.5, 0.4, 0.6, 0.4], [0.5, 0.4, 0.7, 0.4])) is False


def test_seeds_that_stopped_at_different_epochs_are_each_seen_at_their_own_end() -> None:
    assert still_improves(history([2.0, 1.8, 1.6], [2.0, 1.6]))


@pytest.mark.parametrize("unknown", [history([0.5], [0.6]), history([0.5, 0.4], [0.6]), history([np.nan, np.nan])])
def test_after_one_epoch_or_without_validation_it_is_unknown(unknown: pd.DataFrame) -> None:
    assert still_improves(unknown) is None


def test_of_forty_real_linear_networks_few_groups_of_twenty_still_improve_and_after_two_epochs_all_do() -> None:
    rng, losses = np.random.default_rng(5), validation_losses("linear").astype(float)
    groups = [rng.permutation(40)[:20] for _ in range(50)]
    ended = [still_improves(history(*losses[group].tolist())) for group in groups]
    cut_short = [still_improves(history(*losses[group][:, :2].tolist())) for group in groups]
    assert sum(map(bool, ended)) <= 5
    assert all(cut_short)


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
