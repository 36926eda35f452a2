"""Power: how likely a gain is shown, and how many seeds and images that takes."""

import re

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from benchmarks.simulated_pairs import pilots_that_suffice, planned_power
from commands.seeds import extended
from hemline.comparison.crossed import Crossed
from hemline.comparison.pairs import compare_pairs
from hemline.comparison.planning import plan
from hemline.comparison.power import cautious_parts, detectable_gain, floor, images_needed, power, seeds_needed
from hemline.errors import InputError

PARTS = Crossed(0.01, 4e-6, 9e-6, 4, 10_000, 9999.0, 1e-6)


@pytest.mark.parametrize(("share", "comparisons"), [(0.1, 6), (0.5, 1), (0.5, 6), (0.9, 6)])
def test_simulated_comparisons_show_the_gain_as_often_as_planned(share, comparisons):
    planned, found = planned_power(share, comparisons, 2000)
    assert planned >= 0.8
    assert found == pytest.approx(planned, abs=0.03)


@pytest.mark.parametrize("share", [0.5, 0.9])
def test_four_of_five_pilots_of_four_seeds_lead_to_enough_seeds(share):
    assert pilots_that_suffice(share, 6, 100) >= 0.8 - 2 * np.sqrt(0.8 * 0.2 / 100)


def test_without_a_part_of_the_seeds_the_power_is_that_of_a_z_test():
    parts = PARTS._replace(seeds=0.0, interaction=0.0, image_freedom=1e9)
    expected = stats.norm.sf(1.959964 - 2.5)
    assert power(parts, 2.5 * parts.error) == pytest.approx(expected, abs=1e-4)


def test_a_gain_of_nothing_is_shown_in_five_per_cent_of_cases_at_most():
    assert 0.03 < power(PARTS, 0.0) <= 0.051


def test_the_gain_that_is_detectable_has_a_power_of_80_per_cent():
    assert power(PARTS, detectable_gain(PARTS, 6), 6) == pytest.approx(0.8, abs=1e-3)


def test_more_seeds_and_more_images_make_each_part_smaller_as_they_do_in_a_real_comparison():
    rng = np.random.default_rng(3)

    def measured(seeds, images):
        scores = rng.normal(0, 0.06, (seeds, 1)) + rng.normal(0, 0.3, images) + rng.normal(0, 0.5, (seeds, images))
        return Crossed.of(scores)

    expected = np.mean([measured(4, 500).resized(16, 2000)[1:3] for _ in range(400)], axis=0)
    found = np.mean([measured(16, 2000)[1:3] for _ in range(400)], axis=0)
    assert expected == pytest.approx(found, rel=0.1)


def test_the_number_of_seeds_is_the_smallest_that_is_enough():
    seeds = seeds_needed(PARTS, 0.009, 6)
    assert power(PARTS.resized(seeds, 10_000), 0.009, 6) >= 0.8 > power(PARTS.resized(seeds - 1, 10_000), 0.009, 6)


def test_the_number_of_images_is_the_smallest_that_is_enough():
    parts = PARTS._replace(images=36e-6, seeds=1e-6)
    images = images_needed(parts, 0.01)
    assert power(parts.resized(4, images), 0.01) >= 0.8 > power(parts.resized(4, images - 1), 0.01)


def test_below_the_floor_no_number_of_seeds_is_enough():
    assert seeds_needed(PARTS, 0.9 * floor(PARTS)) is None
    assert seeds_needed(PARTS, 1.1 * floor(PARTS)) is not None


def test_the_part_of_few_seeds_is_taken_at_an_upper_bound():
    assert cautious_parts(PARTS).seeds > 2 * PARTS.seeds
    assert cautious_parts(PARTS._replace(n_seeds=40)).seeds < 1.5 * PARTS.seeds


def made(seeds=4):
    rng = np.random.default_rng(2)
    scores = {name: rng.random((seeds, 100)) < 0.8 for name in ("linear", "small", "large")}
    return compare_pairs(scores, list(scores))


def test_without_a_pair_each_variant_and_the_baseline_are_planned_for():
    plans = plan(made(), "linear", 0.05)
    assert [(each.variant, each.other, each.comparisons) for each in plans] == [
        ("small", "linear", 2),
        ("large", "linear", 2),
    ]


@pytest.mark.parametrize(("pair", "comparisons"), [(("large", "small"), 3), (("large", "linear"), 2)])
def test_a_pair_is_corrected_for_as_many_as_it_is_one_of(pair, comparisons):
    (found,) = plan(made(), "linear", 0.05, pair)
    assert (found.variant, found.other, found.comparisons) == (*pair, comparisons)


def test_what_cannot_be_planned_from_or_for_is_one_line():
    with pytest.raises(InputError, match="seeds: must be at least two"):
        plan(made(seeds=1), "linear", 0.05)
    with pytest.raises(InputError, match="variants: two variants or more have not been compared yet; run `dvc repro`"):
        plan(pd.DataFrame(columns=made().columns), "linear", 0.05)
    with pytest.raises(InputError, match="variants: new and small have not been compared yet; run `dvc repro`"):
        plan(made(), "linear", 0.05, ("new", "small"))


def test_further_seeds_follow_those_that_are_there():
    assert extended([3, 0], 5) == [3, 0, 1, 2, 4]


@pytest.mark.parametrize("number", [2, 100_000_000])
def test_as_many_seeds_as_there_are_or_more_than_can_be_used_are_a_mistake(number):
    rule = f"N: must be more than the 2 seeds in params.yaml, and at most 1,000, got {number}"
    with pytest.raises(InputError, match=re.escape(rule)):
        extended([0, 1], number)
