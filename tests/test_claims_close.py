"""Which findings other seeds would overturn: made-up trainings near a border and far from one."""

import math

import numpy as np
import pytest
from scipy import stats
from test_claims_judge import FIRST, SECOND, correct, trained, values

from hemline.claims.file import Claim
from hemline.claims.verdicts import judge_claim, share_overturned

SEEDS = 20
ON = {"says": "so", "of": FIRST}


def judged(part, outcomes):
    claim = Claim.model_validate({"id": "one", "tutorial": "first", "says": "it is so", "parts": [ON | part]})
    return judge_claim(claim, outcomes, lambda _: None).findings[0]


def at(p_value, seeds=SEEDS):
    """Values of deviation 1 whose mean differs from 0 with this p value, in no order."""
    mean = stats.t.isf(p_value / 2, seeds - 1) / math.sqrt(seeds)
    return np.random.default_rng(3).permutation(values(mean, 1, seeds))


def trend(p_value):
    steps = at(p_value)
    part = {"kind": "trend", "metric": "loss", "from_epoch": 1, "to_epoch": 2, "claimed": "rises"}
    return judged(part, {FIRST: trained(loss=np.stack([0 * steps, steps], axis=1))})


def ordering(differences, luck, places=(FIRST, SECOND)):
    first, second = places
    part = {"kind": "ordering", "of": first, "than": second, "metric": "loss", "claimed": "higher"}
    return judged(part, {first: trained(loss=luck + differences), second: trained(loss=luck)})


def number(published, deviation):
    part = {"kind": "number", "metric": "loss", "published": published}
    return judged(part, {FIRST: trained(loss=values(1.0, deviation, SEEDS))})


@pytest.mark.parametrize("p_value", [0.03, 0.045, 0.055, 0.08])
def test_a_finding_near_the_border_is_close(p_value):
    finding = trend(p_value)
    assert finding.verdict == ("shown" if p_value < 0.05 else "undecided")
    # About half of other sets would have come out on the other side.
    assert 0.25 < finding.close < 0.75
    assert f"Close: with {100 * finding.close:.0f} % of other sets of seeds" in finding.sentence


@pytest.mark.parametrize("p_value", [1e-4, 1e-8])
def test_a_finding_far_from_the_border_is_not(p_value):
    finding = trend(p_value)
    assert finding.close == 0
    assert "Close" not in finding.sentence


def test_both_sides_of_an_ordering_have_the_same_seeds_drawn_for_them():
    # The luck of a seed is a hundred times the difference: drawn apart, the two sides would differ by it alone.
    luck = np.random.default_rng(0).normal(0, 100, SEEDS)
    for places in ((FIRST, SECOND), ("one/wide", "another/wide")):
        assert ordering(at(1e-8), luck, places).close == 0
        assert 0.25 < ordering(at(0.045), luck, places).close < 0.75


@pytest.mark.parametrize(("difference", "close"), [(0.020, False), (0.008, True), (0.004, False)])
def test_test_accuracies_are_judged_again_by_the_drawn_trainings_answers(difference, close):
    # p is below 0.001, 0.049 and 0.54.
    generator = np.random.default_rng(0)
    first, second = (correct(generator.normal(mean, 0.01, SEEDS), 1000) for mean in (0.9, 0.9 - difference))
    part = {"kind": "ordering", "than": SECOND, "metric": "test_accuracy", "claimed": "higher"}
    assert bool(judged(part, {FIRST: trained(first), SECOND: trained(second)}).close) == close


@pytest.mark.parametrize(("stopped", "close"), [(20, False), (15, True), (10, False), (5, True), (0, False)])
def test_an_early_stop_is_close_where_one_training_more_would_decide(stopped, close):
    losses = np.where(np.arange(3) < np.array([2] * stopped + [3] * (SEEDS - stopped))[:, None], 0.5, np.nan)
    finding = judged({"kind": "early-stop", "published": 2}, {FIRST: trained(loss=losses)})
    assert bool(finding.close) == close


def test_what_needs_no_training_is_not_judged_again():
    assert share_overturned(lambda _: pytest.fail("judged"), {}) == 0


def test_a_finding_that_all_sets_share_costs_a_fifth():
    calls = []
    outcomes = {FIRST: trained(loss=values(1, 0.1, SEEDS))}
    share_overturned(lambda drawn: calls.append(drawn) or "shown", outcomes)
    # Its own verdict, and forty sets of two hundred.
    assert len(calls) == 41
    drawn = calls[1][FIRST]
    assert drawn.n_seeds == SEEDS
    assert set(drawn.values("loss")) < set(outcomes[FIRST].values("loss"))
