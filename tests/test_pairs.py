"""All pairs of variants: which are shown to differ, which may be the best, which are the same within a margin."""

import numpy as np
import pandas as pd
import pytest
from report_data import Inputs, comparison
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.weightstats import ttost_paired

from benchmarks.simulated_pairs import Variants, best_is_kept, family_wise_error, found_the_same
from hemline.comparison.crossed import Crossed
from hemline.comparison.pairs import COLUMNS, compare_pairs, may_be_best, p_same, parts_of
from hemline.comparison.selection import Selection
from hemline.comparison.statistics import compare, mcnemar
from hemline.comparison.units import POINTS
from hemline.report import pairs as words
from hemline.report.pair_plot import pairs_figure
from hemline.report.plots import png

IMAGES = 2000


def trainings(*accuracies, seeds=4):
    """Return trainings of variants named a, b, ...: right by the difficulty of an image, and some luck."""
    rng = np.random.default_rng(5)
    difficulty = rng.random(IMAGES)
    return {
        name: difficulty + rng.normal(0, 0.05, (seeds, IMAGES)) < share
        for name, share in zip("abcdef", accuracies, strict=False)
    }


def simulated(rate, repetitions):
    """Return the most that a rate of 5 % may show in so many repetitions."""
    return rate <= 0.05 + 2 * np.sqrt(0.05 * 0.95 / repetitions)


def test_a_pair_has_the_difference_and_the_interval_of_the_comparison_with_a_baseline():
    scores = trainings(0.7, 0.8, 0.75)
    row = compare_pairs(scores, ["b", "c", "a"]).iloc[1]
    expected = compare(scores["b"], scores["a"])
    assert (row["first"], row["second"]) == ("b", "a")
    assert (row["difference"], row["low"], row["high"]) == (expected.gain, expected.low, expected.high)
    assert row["p_value"] == expected.cautious_p_value


def test_p_values_are_corrected_for_the_number_of_pairs():
    found = compare_pairs(trainings(0.7, 0.701, 0.702, 0.72), list("abcd"))
    assert len(found) == 6
    assert found["p_holm"].to_numpy() == pytest.approx(multipletests(found["p_value"], method="holm")[1])


def test_single_trainings_are_compared_by_mcnemar_s_test():
    scores = trainings(0.7, 0.72, seeds=1)
    won, lost = (scores["a"] & ~scores["b"]).sum(), (scores["b"] & ~scores["a"]).sum()
    assert compare_pairs(scores, ["a", "b"])["p_value"].tolist() == [mcnemar(int(won), int(lost))]


def test_images_of_one_object_count_once():
    scores = trainings(0.7, 0.72)
    alone = compare_pairs(scores, ["a", "b"]).iloc[0]
    ten = {name: np.repeat(each, 10, axis=1) for name, each in scores.items()}
    grouped = compare_pairs(ten, ["a", "b"], groups=np.repeat(np.arange(IMAGES), 10)).iloc[0]
    assert (grouped["high"] - grouped["low"]) == pytest.approx(alone["high"] - alone["low"], rel=0.01)


def test_the_parts_of_the_variance_come_back_from_the_table(tmp_path):
    scores = trainings(0.7, 0.72)
    compare_pairs(scores, ["a", "b"]).to_csv(tmp_path / "pairs.csv", index=False)
    row = pd.read_csv(tmp_path / "pairs.csv").to_dict("records")[0]
    assert parts_of(row) == compare(scores["a"], scores["b"]).parts


def test_a_variant_that_another_one_beats_cannot_be_the_best():
    found = compare_pairs(trainings(0.7, 0.8, 0.8, 0.802), list("abcd"))
    assert may_be_best(found, list("abcd")) == ["b", "c", "d"]


def test_where_nothing_is_shown_each_variant_may_be_the_best():
    assert may_be_best(compare_pairs(trainings(0.7, 0.7, 0.7), list("abc")), list("abc")) == ["a", "b", "c"]


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
@pytest.mark.parametrize("means", [(0.0,) * 3, (0.0, 0.0, 9.0, 9.0)], ids=["complete", "partial"])
def test_of_pairs_that_do_not_differ_one_in_twenty_comparisons_finds_a_difference_at_most(means, share):
    assert simulated(family_wise_error(Variants(means, share, 0.5), 4, 1000), 1000)


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
def test_the_best_is_left_out_in_one_of_twenty_comparisons_at_most(share):
    assert simulated(1 - best_is_kept(Variants((0.0, 0.0, 0.0, 0.0), share, 0.5), 4, 1000), 1000)


@pytest.mark.parametrize("share", [0.0, 0.5, 0.9])
def test_a_difference_of_the_margin_is_taken_for_the_same_in_one_of_twenty_cases_at_most(share):
    assert simulated(found_the_same(share, 4, 1000), 1000)


def test_of_single_trainings_the_test_for_the_same_is_that_of_statsmodels():
    rng = np.random.default_rng(0)
    first, second = rng.normal(0.001, 0.2, (2, IMAGES))
    expected = ttost_paired(first, second, -0.02, 0.02)[0]
    assert p_same(Crossed.of((first - second)[None]), 0.02) == pytest.approx(expected, rel=1e-6)


def test_what_never_differs_is_the_same_only_as_far_as_the_number_of_images_tells():
    alike = np.ones((4, 40), bool)
    found = compare_pairs({"a": alike, "b": alike}, ["a", "b"], margin=0.05).iloc[0]
    assert found["p_same"] == pytest.approx(0.95**40)
    assert not found["same"]


def test_variants_that_differ_by_less_than_the_margin_are_the_same_and_those_that_differ_by_more_are_not():
    found = compare_pairs(trainings(0.7, 0.701, 0.8), list("abc"), margin=0.02)
    assert found["same"].tolist() == [True, False, False]


def test_the_90_percent_interval_of_a_pair_lies_within_the_margin_where_the_two_are_the_same_by_a_hair():
    found = compare_pairs(trainings(0.7, 0.701, 0.8), list("abc"), margin=0.02).iloc[0]
    farthest = max(-found["low_90"], found["high_90"])
    for margin, same in ((farthest + 1e-6, True), (farthest - 1e-6, False)):
        assert compare_pairs(trainings(0.7, 0.701), list("ab"), margin=margin).iloc[0]["same"] == same


def told(verdicts=("better", "no difference shown", "better"), margin=None, same=(True, False, True), best=(1, 0, 1)):
    inputs = Inputs(verdicts=dict(zip(["dense-8", "dense-8x2", "wide"], verdicts, strict=True)))
    table = comparison(inputs).assign(may_be_best=[False, *map(bool, best)])
    names = [("wide", "dense-8"), ("wide", "dense-8x2"), ("dense-8", "dense-8x2")]
    rows = [
        {"first": a, "second": b, "verdict": "better" if a == "wide" else "no difference shown", "same": each}
        for (a, b), each in zip(names, same, strict=True)
    ]
    pairs = pd.DataFrame(rows, columns=list(COLUMNS))
    return words.sentences(pairs, table, Selection(best="wide"), POINTS, margin)


def test_the_page_names_the_variants_that_may_be_the_best_and_counts_the_pairs_that_differ():
    best, count = told()
    assert best.startswith("Any of dense-8 and wide may be the best of these variants.")
    assert count == "2 of 3 pairs are shown to differ."


def test_a_variant_that_beats_all_others_is_called_the_best():
    assert told(best=(0, 0, 1))[0].startswith("wide is shown to be the best")


def test_with_a_margin_the_page_names_the_smallest_variant_that_is_the_same_as_the_best_by_validation():
    assert told(margin=0.5)[2:] == [
        "The same within 0.5 percentage points: wide and dense-8; dense-8 and dense-8x2.",
        (
            "The smallest variant that is shown to be the same as wide, the best by validation, within 0.5 percentage "
            "points is dense-8, with 1,001 parameters."
        ),
    ]


def test_where_no_pair_is_shown_to_be_the_same_the_page_says_so():
    assert told(margin=0.5, same=(False, False, False))[2:] == [
        "No pair is shown to be the same within 0.5 percentage points."
    ]


def test_forty_variants_are_drawn_in_less_than_a_screen():
    names = [f"dense-{number}" for number in range(40)]
    rng = np.random.default_rng(0)
    scores = {name: rng.random((2, 50)) < 0.8 for name in names}
    width, height = pairs_figure(compare_pairs(scores, names)).get_size_inches()
    assert width < 14
    assert height < 14
    assert png(pairs_figure(compare_pairs(scores, names[:3])))
