"""The statistics against independent values, in cases where the plausible wrong formula gives another number."""

import json
import math
from dataclasses import FrozenInstanceError, asdict
from typing import Any

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray
from scipy import stats
from statsmodels.formula.api import ols
from statsmodels.stats.anova import anova_lm
from statsmodels.stats.contingency_tables import mcnemar

from benchmarks.few_seeds import t_half_width, worst_error
from benchmarks.recorded_trainings import correct
from benchmarks.simulated_trainings import MADE, NULLS, STEADY, Made, family_wise_error, many_variants_error, power
from hemline.comparison import statistics
from hemline.comparison.crossed import Crossed
from hemline.comparison.enough import seeds_warning
from hemline.errors import InputError

Correct = NDArray[np.bool_]


def simulation_error(share: float, repetitions: int) -> float:
    """Return four standard errors of a share that is counted in so many repetitions."""
    return 4 * math.sqrt(share * (1 - share) / repetitions)


def bools(*rows: str) -> Correct:
    return np.array([[character == "1" for character in row] for row in rows])


def draw(seed: int, seeds: int, images: int, share: float, ability: float = 0.5) -> Correct:
    """Trainings that differ in ability, on images that differ in difficulty."""
    rng = np.random.default_rng(seed)
    level = stats.norm.ppf(share) + ability * rng.standard_normal((seeds, 1)) + rng.standard_normal(images)
    return np.asarray(level + rng.standard_normal((seeds, images)) > 0)


# --- compare


@pytest.mark.trials(few=100, many=5000)
@pytest.mark.parametrize("seeds", [3, 4, 10, 20])
@pytest.mark.parametrize("made", MADE.values(), ids=MADE.keys())
def test_the_95_percent_interval_covers_the_true_gain_in_94_to_96_5_percent_of_cases(
    made: Made, seeds: int, repetitions: int
) -> None:
    rng, gain = np.random.default_rng(20), made.gain()
    results = [statistics.compare(*made.sample(rng, seeds, images=500)) for _ in range(repetitions)]
    covered = np.mean([result.low <= gain <= result.high for result in results])
    print(f"coverage {100 * covered:.2f} %")
    error = simulation_error(0.95, repetitions)
    assert 0.94 - error <= covered <= 0.965 + error
    assert np.mean([result.gain for result in results]) == pytest.approx(gain, abs=0.003 + made.seed[0] / 10)


@pytest.mark.trials(few=100, many=5000)
@pytest.mark.parametrize("made", MADE.values(), ids=MADE.keys())
def test_with_two_seeds_the_interval_is_wide_enough(made: Made, repetitions: int) -> None:
    rng, gain = np.random.default_rng(22), made.gain()
    results = [statistics.compare(*made.sample(rng, 2, images=500)) for _ in range(repetitions)]
    covered = np.mean([result.low <= gain <= result.high for result in results])
    print(f"coverage {100 * covered:.2f} %")
    assert covered >= 0.94 - simulation_error(0.95, repetitions)


@pytest.mark.trials(few=100, many=5000)
def test_intervals_that_know_only_the_images_or_only_the_seeds_miss_the_gain_too_often(repetitions: int) -> None:
    # Shows that these made-up trainings can tell a right interval from a wrong one.
    def coverage(name: str, wrong: Any) -> float:
        rng, made, hits = np.random.default_rng(21), MADE[name], 0
        gain = made.gain()
        for _ in range(repetitions):
            interval = wrong(*made.sample(rng, seeds=4, images=500)).confidence_interval(0.95)
            hits += interval.low <= gain <= interval.high
        return hits / repetitions

    def images_only(variant: Correct, baseline: Correct) -> Any:
        return stats.ttest_rel(variant.mean(axis=0), baseline.mean(axis=0))

    def seeds_only(variant: Correct, baseline: Correct) -> Any:
        return stats.ttest_ind(variant.mean(axis=1), baseline.mean(axis=1), equal_var=False)

    assert coverage("seeds dominate, on both sides", images_only) < 0.6
    assert coverage("images dominate", seeds_only) < 0.85


@pytest.mark.trials(few=50, many=5000)
@pytest.mark.parametrize("seeds", [2, 3, 4, 10])
@pytest.mark.parametrize("variant", ["linear", "dense-128"])
def test_among_real_trainings_that_do_not_differ_a_difference_is_found_in_at_most_6_percent_of_comparisons(
    variant: str, seeds: int, repetitions: int
) -> None:
    share = family_wise_error(variant, seeds, repetitions)
    print(f"family-wise error {100 * share:.2f} %")
    assert share <= 0.06 + simulation_error(0.06, repetitions)


@pytest.mark.trials(few=50, many=500)
def test_more_seeds_find_half_a_point_over_a_steady_baseline_more_often(repetitions: int) -> None:
    assert STEADY.gain() == pytest.approx(0.005, abs=1e-4)
    found = {seeds: power(STEADY, seeds, repetitions) for seeds in (2, 4, 10)}
    print(found)
    assert found[2] < found[4] < found[10]
    assert found[4] >= 0.14
    assert found[10] >= 0.30


def analysis_of_variance(scores: NDArray[Any]) -> tuple[float, float]:
    """The mean squares of seeds and of the residual, by ordinary least squares on the long table."""
    seeds, images = np.indices(scores.shape).reshape(2, -1)
    long = pd.DataFrame({"score": scores.ravel().astype(float), "seed": seeds, "image": images})
    squares = anova_lm(ols("score ~ C(seed) + C(image)", long).fit())["mean_sq"]
    return float(squares["C(seed)"]), float(squares["Residual"])


def pair(seeds: int = 5, images: int = 60) -> tuple[Correct, Correct]:
    return draw(1, seeds, images, 0.8), draw(2, seeds, images, 0.6)


def test_the_variance_is_that_of_seeds_and_images_with_their_interaction_counted_once() -> None:
    variant, baseline = pair()
    differences = variant.astype(float) - baseline
    between, residual = (square / differences.size for square in analysis_of_variance(differences))
    images = differences.mean(axis=0).var(ddof=1) / 60 - residual
    variance = images + between
    freedom = 1 / (between / variance / 4 + images / variance / 59)

    result = statistics.compare(variant, baseline, confidence=0.9)

    assert images > 0
    assert result.standard_error == pytest.approx(math.sqrt(variance), rel=1e-9)
    assert result.standard_error != pytest.approx(math.sqrt(variance + residual), rel=0.01)  # counted twice
    assert result.degrees_of_freedom == pytest.approx(freedom, rel=1e-9)
    assert result.gain == pytest.approx(variant.mean() - baseline.mean())
    expected = stats.t(freedom, loc=result.gain, scale=math.sqrt(variance)).interval(0.9)
    assert (result.low, result.high) == pytest.approx(expected)
    assert result.p_value == pytest.approx(2 * stats.t.sf(abs(result.gain) / math.sqrt(variance), freedom))
    assert result.covers_seeds


def test_where_images_are_all_alike_it_is_the_paired_t_test_on_the_seeds_accuracies() -> None:
    # Trainings that are right about either everything or nothing: all variance is that of the seeds.
    variant = np.repeat([[True], [True], [False], [True], [True]], 30, axis=1)
    baseline = np.repeat([[False], [True], [False], [False], [False]], 30, axis=1)
    paired = stats.ttest_rel(variant.mean(axis=1), baseline.mean(axis=1))

    result = statistics.compare(variant, baseline)

    assert result.degrees_of_freedom == pytest.approx(4)
    assert result.p_value == pytest.approx(paired.pvalue)


def test_trainings_that_rise_and_fall_with_their_seed_are_compared_seed_by_seed() -> None:
    # In the same order the variant is ahead in each; in another, one that is unpaired would say the same.
    baseline = draw(3, 6, 400, 0.6, ability=0.5)
    variant = baseline.copy()
    variant[:, :20] = True
    in_order = statistics.compare(variant, baseline)
    shuffled = statistics.compare(variant[[1, 2, 3, 4, 5, 0]], baseline)
    assert in_order.gain == pytest.approx(shuffled.gain)
    assert in_order.standard_error < 0.5 * shuffled.standard_error


def test_scores_may_be_losses() -> None:
    rng = np.random.default_rng(4)
    variant, baseline = rng.gamma(1, 0.3, (5, 80)), rng.gamma(1, 0.4, (5, 80))
    between, residual = (square / variant.size for square in analysis_of_variance(variant - baseline))
    images = (variant - baseline).mean(axis=0).var(ddof=1) / 80
    result = statistics.compare(variant, baseline)
    assert result.gain == pytest.approx(variant.mean() - baseline.mean())
    assert result.standard_error == pytest.approx(math.sqrt(max(images - residual, 0) + between))
    single = statistics.compare(variant.astype(np.float32), baseline.astype(np.float32))
    assert single.standard_error == pytest.approx(result.standard_error, rel=1e-4)


def test_losses_that_differ_by_the_same_everywhere_differ_certainly() -> None:
    losses = np.full((3, 40), 0.25)
    result = statistics.compare(losses + 0.5, losses)
    assert (result.low, result.gain, result.high, result.p_value) == (0.5, 0.5, 0.5, 0)
    assert statistics.compare(losses, losses).p_value == 1


def test_with_one_training_each_it_is_the_paired_t_test_on_the_images_and_says_that_it_covers_no_seeds() -> None:
    variant, baseline = draw(3, 1, 60, 0.8), draw(4, 1, 60, 0.6)
    paired = stats.ttest_rel(variant[0].astype(float), baseline[0].astype(float))
    ends = paired.confidence_interval(0.95)

    result = statistics.compare(variant, baseline)

    assert (result.p_value, result.low, result.high) == pytest.approx((paired.pvalue, ends.low, ends.high))
    assert result.degrees_of_freedom == pytest.approx(59)
    assert not result.covers_seeds


def unlike(seeds: int) -> tuple[Correct, Correct]:
    """Real trainings on few images, of which both parts of the gain's variance are above 0."""
    return correct("dense-128")[20 : 20 + seeds, :400], correct("linear")[20 : 20 + seeds, :400]


def test_with_two_trainings_the_cautious_p_value_is_where_banerjees_interval_touches_zero() -> None:
    variant, baseline = unlike(seeds := 2)
    differences = variant.astype(float) - baseline
    between, residual = (square / differences.size for square in analysis_of_variance(differences))
    images = differences.mean(axis=0).var(ddof=1) / 400 - residual
    assert images > between > 1e-9
    result = statistics.compare(variant, baseline)
    tail = result.cautious_p_value / 2
    by_images, by_seeds = stats.t.isf(tail, 399) ** 2 * images, stats.t.isf(tail, seeds - 1) ** 2 * between
    assert by_images + by_seeds == pytest.approx(result.gain**2)
    of_t = 2 * stats.t.sf(abs(result.gain) / result.standard_error, result.degrees_of_freedom)
    assert result.cautious_p_value > 1.01 * of_t


def test_with_two_trainings_the_interval_is_banerjees_and_its_p_value_the_cautious_one() -> None:
    variant, baseline = unlike(2)
    result = statistics.compare(variant, baseline)
    assert result.p_value == result.cautious_p_value
    touching = statistics.compare(variant, baseline, confidence=1 - result.p_value)
    assert min(abs(touching.low), abs(touching.high)) == pytest.approx(0, abs=1e-9)
    three = statistics.compare(*unlike(3))
    assert three.p_value < three.cautious_p_value


def test_trainings_as_accurate_as_each_other_are_taken_to_differ_by_their_luck() -> None:
    # Two seeds with the same gain to the last image: it would say that seeds change nothing.
    variant, baseline = bools("110011", "101101"), bools("000110", "100001")
    differences = variant.astype(float) - baseline
    between, residual = (square / differences.size for square in analysis_of_variance(differences))
    assert between == pytest.approx(0)
    assert statistics.compare(variant, baseline).standard_error >= math.sqrt(residual)


def test_swapping_variant_and_baseline_changes_the_sign_only() -> None:
    variant, baseline = pair()
    forth, back = statistics.compare(variant, baseline), statistics.compare(baseline, variant)
    assert (back.gain, back.low, back.high) == pytest.approx((-forth.gain, -forth.high, -forth.low))
    assert (back.p_value, back.standard_error) == pytest.approx((forth.p_value, forth.standard_error))


def test_where_no_image_differs_the_interval_has_the_width_that_so_few_images_allow() -> None:
    alike = statistics.compare(np.ones((3, 40), bool), np.ones((3, 40), bool))
    # Clopper and Pearson: 0 of 40 differ.
    bound = stats.binomtest(0, 40).proportion_ci(0.95, method="exact").high
    assert (alike.gain, alike.low, alike.high) == pytest.approx((0, -bound, bound))
    assert alike.p_value == 1


def test_a_variant_right_about_all_where_the_baseline_is_wrong_about_all_gets_the_exact_p_value() -> None:
    variant, baseline = np.ones((2, 4), bool), np.zeros((2, 4), bool)
    result = statistics.compare(variant, baseline)
    assert result.p_value == pytest.approx(2 / 2**4)
    assert result.low < 0 < result.high == 1
    more = statistics.compare(np.ones((2, 6), bool), np.zeros((2, 6), bool))
    assert more.low > 0
    assert more.p_value == pytest.approx(2 / 2**6)


def test_shares_that_are_alike_but_for_rounding_count_as_alike_and_the_smallest_real_difference_does_not() -> None:
    # One training of seven is right about each image, each of them about as many: both variances are rounding errors.
    turns = np.arange(10_010) % 7 == np.arange(7)[:, None]
    assert turns.mean(axis=0).var() > 0
    assert statistics.accuracy_interval(turns).standard_error == 0
    # One training of ten is wrong about one image of 10,000.
    nearly = np.ones((10, 10_000), bool)
    nearly[0, 0] = False
    assert statistics.accuracy_interval(nearly).standard_error == pytest.approx(1e-5, rel=0.01)


def test_a_table_can_be_written_as_json() -> None:
    rows = statistics.table({"dense": draw(1, 3, 40, 0.8), "linear": draw(2, 3, 40, 0.6)}, "linear")
    plain = [asdict(row) for row in rows]
    plain[0]["comparison"]["parts"] = list(plain[0]["comparison"]["parts"])  # a tuple, of which JSON makes a list
    assert json.loads(json.dumps(plain)) == plain


def test_an_interval_never_leaves_what_is_possible() -> None:
    result = statistics.compare(bools("111111"), bools("000001"))
    assert result.high == 1
    assert statistics.accuracy_interval(bools("111110", "111101")).high == 1


def test_results_cannot_be_changed() -> None:
    with pytest.raises(FrozenInstanceError):
        statistics.compare(bools("110"), bools("101")).gain = 1.0  # type: ignore[misc]


# --- accuracy_interval


def test_an_accuracys_interval_knows_seeds_and_images() -> None:
    correct = draw(1, 5, 60, 0.7)
    between, residual = (square / correct.size for square in analysis_of_variance(correct))
    images = correct.mean(axis=0).var(ddof=1) / 60 - residual
    variance = images + between
    freedom = 1 / (between / variance / 4 + images / variance / 59)

    result = statistics.accuracy_interval(correct)

    assert images > 0
    assert result.estimate == pytest.approx(correct.mean())
    assert (result.standard_error, result.degrees_of_freedom) == pytest.approx((math.sqrt(variance), freedom))
    assert (result.low, result.high) == pytest.approx(
        stats.t(freedom, loc=correct.mean(), scale=math.sqrt(variance)).interval(0.95)
    )
    assert result.covers_seeds
    assert not statistics.accuracy_interval(correct[:1]).covers_seeds


def test_an_accuracy_of_one_on_few_images_is_not_certain() -> None:
    result = statistics.accuracy_interval(np.ones((4, 40), bool))
    bound = stats.binomtest(40, 40).proportion_ci(0.95, method="exact").low
    assert (result.low, result.high) == pytest.approx((bound, 1))


# --- mcnemar


def test_mcnemars_test_is_exact() -> None:
    variant, baseline = draw(5, 1, 50, 0.85)[0], draw(6, 1, 50, 0.6)[0]
    right_and_wrong = [[np.sum((variant == v) & (baseline == b)) for b in (True, False)] for v in (True, False)]
    exact = mcnemar(right_and_wrong, exact=True).pvalue
    assert statistics.mcnemar(int(right_and_wrong[0][1]), int(right_and_wrong[1][0])) == pytest.approx(exact)
    assert exact != pytest.approx(mcnemar(right_and_wrong, exact=False).pvalue, rel=0.01)


def test_mcnemars_test_shows_nothing_where_the_two_never_differ() -> None:
    assert statistics.mcnemar(0, 0) == 1


# --- adjust, verdict, table


def test_p_values_are_adjusted_by_holms_method() -> None:
    # By hand: 0.01 x 4, 0.02 x 3, then 0.03 x 2 and 0.04 x 1 raised to what comes before. Bonferroni: 0.16, 0.12, ...;
    # Benjamini and Hochberg: 0.04 for all.
    assert statistics.adjust([0.04, 0.03, 0.01, 0.02]) == pytest.approx([0.06, 0.06, 0.04, 0.06])
    assert statistics.adjust([0.8, 0.7]) == pytest.approx([1, 1])
    assert statistics.adjust([]).shape == (0,)


@pytest.mark.parametrize(
    ("gain", "p_value", "words"),
    [
        (0.01, 0.049, "better"),
        (-0.01, 0.049, "worse"),
        (0.01, 0.05, "no difference shown"),
        (-0.01, 0.2, "no difference shown"),
        (0.0, 0.0, "no difference shown"),
    ],
)
def test_a_verdict_is_in_words(gain: float, p_value: float, words: str) -> None:
    assert statistics.verdict(gain, p_value) == words


def test_a_verdict_asks_for_the_confidence_given() -> None:
    assert statistics.verdict(0.01, 0.03, confidence=0.99) == "no difference shown"


def test_the_table_has_a_row_per_variant_and_judges_each_but_the_baseline() -> None:
    baseline = draw(7, 4, 400, 0.7, ability=0.1)
    better, worse = baseline.copy(), baseline.copy()
    better[:, :60], worse[:, :60] = True, False
    rows = statistics.table({"good": better, "linear": baseline, "bad": worse, "same": baseline}, "linear")
    assert [(row.variant, row.verdict) for row in rows] == [
        ("good", "better"),
        ("linear", None),
        ("bad", "worse"),
        ("same", "no difference shown"),
    ]
    assert [(row.seeds, row.images) for row in rows] == [(4, 400)] * 4
    good, linear = rows[0], rows[1]
    assert good.comparison == statistics.compare(better, baseline)
    assert good.accuracy == statistics.accuracy_interval(better)
    assert (good.images_won, good.images_lost) == (None, None)
    assert (linear.comparison, linear.p_value, linear.adjusted_p_value) == (None, None, None)


@pytest.mark.parametrize("seeds", [2, 4, 10])
def test_with_several_seeds_the_cautious_test_decides_alone(seeds: int) -> None:
    variant, baseline = pair(seeds)
    row = statistics.table({"dense": variant, "linear": baseline}, "linear")[0]
    assert row.comparison is not None
    assert row.p_value == row.comparison.cautious_p_value
    assert row.images_won is None


@pytest.mark.parametrize(("seeds", "level"), [(2, 0.05), (3, 0.05 / 39), (4, 0.05 / 39), (20, 0.01)])
def test_the_cautious_test_errs_as_often_as_it_says_however_small_p_must_be(seeds: int, level: float) -> None:
    # Reckoned, not simulated.
    error = worst_error(Crossed.cautious_half_width, seeds, level)
    assert 0.98 * level < error < 1.03 * level


def test_the_t_test_with_four_seeds_errs_three_times_as_often_as_it_says_where_p_must_be_small() -> None:
    assert worst_error(t_half_width, 4, 0.05 / 39) > 2.5 * 0.05 / 39


def test_the_cautious_test_gives_away_less_than_banerjees_where_both_parts_matter() -> None:
    estimate = Crossed(0.0, 0.5, 0.5, 10, 10_000, 9999)
    banerjee = math.sqrt(0.5 * (stats.t.isf(0.005, 9) ** 2 + stats.t.isf(0.005, 9999) ** 2))
    assert 2.6 < estimate.cautious_half_width(0.99) < 0.97 * banerjee


@pytest.mark.trials(few=40, many=10_000)
@pytest.mark.parametrize(("seeds", "variants"), [(4, 15), (10, 5)])
def test_of_many_variants_that_do_not_differ_one_is_called_different_in_at_most_5_percent_of_comparisons(
    seeds: int, variants: int, repetitions: int
) -> None:
    error = many_variants_error(NULLS["seeds dominate"], seeds, variants, repetitions)
    assert error <= 0.05 + 2 * math.sqrt(0.05 * 0.95 / repetitions)


def test_a_gain_that_is_not_won_on_most_images_is_a_gain_all_the_same() -> None:
    # Ten images narrowly lost (3 of 4 against 4 of 4), five of a hundred clearly won: a test on images won and lost
    # would call it a draw, and the more seeds there are, the more images are won or lost by a little.
    variant, baseline = np.ones((4, 1000), bool), np.ones((4, 1000), bool)
    variant[np.arange(60) % 4, np.arange(60)] = False
    baseline[:, 100:140] = False
    (row, _) = statistics.table({"dense": variant, "linear": baseline}, "linear")
    assert row.verdict == "better"


def test_with_one_training_each_mcnemars_test_decides() -> None:
    rows = statistics.table({"dense": bools("1111110000"), "linear": bools("1000000000")}, "linear")
    comparison = rows[0].comparison
    assert comparison is not None
    assert (rows[0].images_won, rows[0].images_lost) == (5, 0)
    assert rows[0].p_value == statistics.mcnemar(5, 0) > 0.05 > comparison.p_value
    assert rows[0].verdict == "no difference shown"


def test_an_interval_that_spans_half_of_what_is_possible_tells_nothing() -> None:
    variant = np.repeat([[True], [False]], 40, axis=1)
    row = statistics.table({"dense": variant, "linear": np.zeros((2, 40), bool)}, "linear")[0]
    assert row.comparison is not None
    assert (row.comparison.low, row.comparison.high) == (-1, 1)
    assert row.verdict == "too few to tell"


@pytest.mark.parametrize(("seeds", "words"), [(1, "these trained models only"), (3, "With 3 seeds"), (4, "")])
def test_few_seeds_are_warned_of(seeds: int, words: str) -> None:
    warning = seeds_warning(seeds)
    assert words in warning
    assert bool(warning) == bool(words)


def test_each_further_variant_makes_a_verdict_harder() -> None:
    baseline = draw(7, 1, 100, 0.5)
    variant = baseline.copy()
    wrong = np.flatnonzero(~baseline[0])
    variant[0, wrong[:7]] = True
    alone = statistics.table({"linear": baseline, "dense": variant}, "linear")[1]
    among_five = statistics.table({"linear": baseline} | {f"dense-{i}": variant for i in range(5)}, "linear")[1:]
    assert alone.verdict == "better"
    assert alone.adjusted_p_value == alone.p_value == pytest.approx(2 / 2**7)
    assert [row.verdict for row in among_five] == ["no difference shown"] * 5
    assert among_five[0].adjusted_p_value == pytest.approx(5 * 2 / 2**7)


def test_a_single_training_gets_a_verdict_and_a_flag() -> None:
    row = statistics.table({"dense": np.ones((1, 20), bool), "linear": draw(8, 1, 20, 0.3)}, "linear")[0]
    assert row.verdict == "better"
    assert row.comparison is not None
    assert not row.comparison.covers_seeds
    assert not row.accuracy.covers_seeds


def test_a_table_of_the_baseline_alone_has_one_row() -> None:
    (row,) = statistics.table({"linear": bools("101")}, "linear")
    assert row.verdict is None


# --- prediction_interval, mean_difference


def test_a_prediction_interval_is_that_of_one_more_value() -> None:
    # mean 4, s = sqrt(10), t(0.975, 4) = 2.7764: half width 2.7764 x sqrt(10) x sqrt(1.2) = 9.6179; the interval of the
    # mean would be 3.93 wide, the normal quantile would give 6.79.
    result = statistics.prediction_interval([0, 2, 4, 6, 8])
    assert (result.estimate, result.low, result.high) == pytest.approx((4, 4 - 9.61786, 4 + 9.61786), abs=1e-4)
    assert result.degrees_of_freedom == 4


@pytest.mark.trials(few=1000, many=40_000)
def test_a_prediction_interval_holds_the_next_training_as_often_as_it_says(repetitions: int) -> None:
    values = np.random.default_rng(9).standard_normal((repetitions, 5))
    intervals = [statistics.prediction_interval(row[:4], confidence=0.9) for row in values]
    held = np.mean([ends.low <= row[4] <= ends.high for ends, row in zip(intervals, values, strict=True)])
    assert held == pytest.approx(0.9, abs=max(0.015, simulation_error(0.9, repetitions)))


def test_means_are_compared_without_supposing_equal_variances() -> None:
    # By Welch's formula: variances 4 / 3 and 10000 / 6 of the means.
    a, b = [10.0, 12.0, 14.0], [100.0, 300.0, 200.0, 100.0, 300.0, 200.0]
    var_a, var_b = 4 / 3, 8000 / 6
    freedom = (var_a + var_b) ** 2 / (var_a**2 / 2 + var_b**2 / 5)
    half = stats.t.ppf(0.975, freedom) * math.sqrt(var_a + var_b)

    result = statistics.mean_difference(a, b)

    assert result.difference == -188
    assert result.degrees_of_freedom == pytest.approx(freedom)
    assert (result.low, result.high) == pytest.approx((-188 - half, -188 + half))
    assert result.p_value == pytest.approx(2 * stats.t.sf(188 / math.sqrt(var_a + var_b), freedom))
    assert result.p_value != pytest.approx(stats.ttest_ind(a, b).pvalue, rel=0.1)


@pytest.mark.filterwarnings("error")
def test_values_that_never_vary_differ_certainly_or_not_at_all() -> None:
    assert statistics.mean_difference([2.0, 2.0], [2.0, 2.0, 2.0]).p_value == 1
    different = statistics.mean_difference([2.0, 2.0], [3.0, 3.0])
    assert (different.low, different.high, different.p_value) == (-1, -1, 0)


# --- refusals


@pytest.mark.parametrize(
    ("call", "line"),
    [
        (
            lambda: statistics.compare(bools("110"), bools("11")),
            "variant: must be about the same 2 images as the baseline, got 3",
        ),
        (
            lambda: statistics.compare(bools("110"), bools("110", "110")),
            "variant: must be of the same 2 seeds as the baseline, got 1",
        ),
        (
            lambda: statistics.compare(np.array([[0.5, math.nan]]), np.array([[0.5, 0.5]])),
            "variant: must be finite; a training has diverged",
        ),
        (
            lambda: statistics.compare(np.array([0.0, 1.0]), bools("11")),
            "variant: must be a boolean or float array (seeds, images), got float64 (2,)",
        ),
        (
            lambda: statistics.compare(bools("11"), [[True, False]]),  # type: ignore[arg-type]
            "baseline: must be a boolean or float array (seeds, images), got list",
        ),
        (
            lambda: statistics.accuracy_interval(np.zeros((0, 5), bool)),
            "correct: must have at least one seed and two images, got (0, 5)",
        ),
        (
            lambda: statistics.accuracy_interval(np.zeros((3, 1), bool)),
            "correct: must have at least one seed and two images, got (3, 1)",
        ),
        (
            lambda: statistics.compare(bools("11"), bools("10"), confidence=95),
            "confidence: must lie between 0 and 1, got 95",
        ),
        (lambda: statistics.verdict(0.1, 0.01, confidence=1.0), "confidence: must lie between 0 and 1, got 1.0"),
        (lambda: statistics.adjust([0.5, 1.2]), "p_values: must be a list of numbers between 0 and 1, got [0.5, 1.2]"),
        (lambda: statistics.adjust([math.nan]), "p_values: must be a list of numbers between 0 and 1, got [nan]"),
        (
            lambda: statistics.table({"dense": bools("11")}, "linear"),
            "baseline: must be one of the variants ['dense'], got 'linear'",
        ),
        (
            lambda: statistics.table({"linear": bools("11"), "dense": bools("111")}, "linear"),
            "dense: variant: must be about the same 2 images as the baseline, got 3",
        ),
        (lambda: statistics.prediction_interval([1.0]), "values: must be at least two finite numbers, got [1.0]"),
        (lambda: statistics.mean_difference([1.0, 2.0], [1.0, math.inf]), "b: must be at least two finite numbers"),
    ],
)
def test_an_input_that_breaks_a_rule_gets_one_line(call: Any, line: str) -> None:
    with pytest.raises(InputError) as refusal:
        call()
    assert str(refusal.value).startswith(line)
    assert "\n" not in str(refusal.value)
