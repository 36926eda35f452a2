"""Verdicts on made-up trainings whose truth is known, also those where the plausible wrong rule would say otherwise."""

import math
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from scipy import stats

from hemline.claims.finding import Finding
from hemline.claims.intervals import mean_test, prediction_p, rounded, share_interval
from hemline.claims.kinds import (
    ErrorPart,
    GapPart,
    NumberPart,
    OrderingPart,
    RangePart,
    StopPart,
    ThresholdPart,
    TrendPart,
    WobblePart,
)
from hemline.claims.outcome import Outcome
from hemline.claims.verdicts import headline, words
from hemline.comparison.statistics import compare, mean_difference
from hemline.errors import InputError

ROOT = Path(__file__).parent.parent
FIRST, SECOND = "experiment/wide", "experiment/narrow"


def trained(correct=None, losses=None, seconds=None, epochs=9, **metrics):
    """Trainings with these metrics, (seeds,) after the only epoch or (seeds, epochs); NaN after a stop."""
    curves = {name: np.reshape(array, (len(array), -1)).astype(float) for name, array in metrics.items()}
    known = [array for array in (*curves.values(), correct, losses, seconds) if array is not None]
    lengths = [np.isfinite(array).sum(axis=1) for array in curves.values()]
    last_epochs = lengths[0] if lengths else np.ones(len(known[0]), int)
    none = np.empty((len(last_epochs), 0))
    correct, losses = (none if array is None else array for array in (correct, losses))
    return Outcome(curves, last_epochs, correct, losses, epochs, seconds)


def judged(part, outcome, other=None):
    return part.judge({FIRST: outcome, SECOND: other}, lambda _: None)


def number(seen, published, metric):
    part = NumberPart(kind="number", says="it is", of=FIRST, metric=metric, published=published)
    return judged(part, trained(**{metric: seen}))


def between(seen, *published):
    part = RangePart(kind="range", says="it lies between", of=FIRST, metric="test_loss", published=list(published))
    return judged(part, trained(test_loss=seen))


def ordering(first, second, metric, claimed, margin=None):
    part = OrderingPart(
        kind="ordering", says="they differ", of=FIRST, than=SECOND, metric=metric, claimed=claimed, margin=margin
    )
    # Final models are compared by their answers.
    key = {"test_accuracy": "correct", "test_loss": "losses"}.get(metric, metric)
    return judged(part, trained(**{key: first}), trained(**{key: second}))


def trend(seen, metric, epochs, claimed):
    part = TrendPart(
        kind="trend", says="it moves", of=FIRST, metric=metric, from_epoch=epochs[0], to_epoch=epochs[1],
        claimed=claimed,
    )  # fmt: skip
    return judged(part, trained(**{metric: seen}))


def gap(accuracy, test_accuracy, claimed):
    part = GapPart(kind="gap", says="a gap", of=FIRST, metric="accuracy", than_metric="test_accuracy", claimed=claimed)
    return judged(part, trained(accuracy=accuracy, test_accuracy=test_accuracy))


def wobble(seen, first, last):
    part = WobblePart(kind="wobble", says="it wobbles", of=FIRST, metric="loss", from_epoch=first, to_epoch=last)
    return judged(part, trained(loss=seen))


def stop(last_epochs, published, allowed):
    lengths = np.array(last_epochs)[:, None]
    losses = np.where(np.arange(allowed) < lengths, 0.5, np.nan)
    part = StopPart(kind="early-stop", says="it stops", of=FIRST, published=published)
    return judged(part, trained(loss=losses, epochs=allowed))


def error(message, expected):
    part = ErrorPart(kind="error", says="an error", variant={"flatten": False}, expected=expected)
    return part.judge({}, lambda variant: message if variant == {"flatten": False} else "another mistake")


def values(mean, deviation, count=10):
    """Exactly this mean and standard deviation, whatever the count."""
    raw = np.linspace(-1, 1, count)
    return mean + deviation * raw / raw.std(ddof=1)


def correct(accuracies, images=10_000):
    """Trainings of these accuracies; easy images come first."""
    return np.stack([np.arange(images) < round(accuracy * images) for accuracy in accuracies])


def curves(*means, seeds=10, deviation=0.001):
    """Trainings whose epochs have these means; the seeds differ by the same in every epoch."""
    return np.array(means)[None, :] + values(0, deviation, seeds)[:, None]


def test_the_interval_of_a_mean_is_student_s():
    # By hand: 3.5 +- 3.182446 (the table's 97.5 % of 3 degrees of freedom) * 2.645751 / 2
    assert mean_test([1, 2, 4, 7])[0] == pytest.approx((3.5, -0.709981, 7.709981), abs=1e-5)


def test_the_interval_of_a_share_is_exact():
    # R: binom.test(9, 10)$conf.int and binom.test(0, 10)$conf.int
    assert share_interval(9, 10) == pytest.approx((0.9, 0.5549839, 0.9974714), abs=1e-6)
    assert share_interval(0, 10) == pytest.approx((0, 0, 0.3084971), abs=1e-6)


@pytest.mark.parametrize("bad", [[1], [], [1, math.nan], [[1, 2]]])
def test_the_interval_of_a_mean_needs_two_finite_numbers(bad):
    with pytest.raises(InputError, match="values: must be at least two finite numbers"):
        mean_test(bad)


@pytest.mark.parametrize(
    ("figure", "low", "high"),
    [("0.88", 0.875, 0.885), ("0.880", 0.8795, 0.8805), ("3", 2.5, 3.5), ("0.5170", 0.51695, 0.51705)],
)
def test_a_published_number_stands_for_all_that_rounds_to_it(figure, low, high):
    assert rounded(figure) == (float(figure), low, high)


def test_a_number_is_held_against_one_more_training_and_not_against_the_mean():
    # The mean's interval is 0.3429 to 0.3471, that of one more training 0.3379 to 0.3521.
    seen = values(0.345, 0.003)
    finding = number(seen, "0.350", "test_loss")
    assert finding.verdict == "compatible"
    assert finding.found == "0.3450 [0.3379, 0.3521]"
    assert "Published 0.350 lies in what one more training would give" in finding.sentence
    assert number(seen, "0.353", "test_loss").verdict == "refuted"


def test_a_compatible_number_says_how_likely_it_is_and_which_shift_would_have_been_refuted():
    finding = number(values(0.345, 0.003), "0.350", "test_loss")
    # What rounds to 0.350 and lies nearest is 0.3495; one more training has the spread of a mean of ten added.
    error = 0.003 * math.sqrt(1 + 1 / 10)
    assert finding.p_value == pytest.approx(2 * stats.t.sf((0.3495 - 0.345) / error, 9))
    assert f"(p = {finding.p_value:.3f})" in finding.sentence
    # 2.262 * 0.003146 + 0.0005, of 0.345.
    assert "A number more than 0.0076 (2.2 %) away from the mean would have been refuted." in finding.sentence
    assert [number(values(0.345, 0.003), at, "test_loss").verdict for at in ("0.3520", "0.3522")] == [
        "compatible",
        "refuted",
    ]


def test_a_mean_that_rounds_to_the_number_could_not_fit_better():
    assert number(values(0.345, 0.003), "0.35", "test_loss").p_value == 1
    # On the lower side, too: 0.344 stands for 0.3445 at most.
    assert prediction_p(values(0.345, 0.003), rounded("0.344")) == pytest.approx(
        2 * stats.t.sf(0.0005 / (0.003 * math.sqrt(1.1)), 9)
    )


@pytest.mark.parametrize("published", ["0.3380", "0.3381", "0.3519", "0.3520", "0.3521", "0.3522"])
def test_the_p_value_and_the_verdict_of_a_number_agree(published):
    finding = number(values(0.345, 0.003), published, "loss")
    assert (finding.verdict == "refuted") == (finding.p_value < 0.05)


@pytest.mark.parametrize(("published", "where"), [("0.40", "0.0379 above"), ("0.30", "0.0379 below")])
def test_how_far_a_number_is_off_is_said(published, where):
    # The rounding's half unit, 0.005, is taken off.
    finding = number(values(0.35, 0.003), published, "loss")
    assert finding.verdict == "refuted"
    assert where in finding.sentence


@pytest.mark.parametrize(("inside", "verdict"), [(10, "compatible"), (8, "compatible"), (7, "refuted"), (0, "refuted")])
def test_a_range_is_refuted_once_too_few_trainings_lie_in_it(inside, verdict):
    # 8 of 10 may still be 95 % of all; 7 of 10 may not.
    seen = np.array([0.34] * inside + [0.40] * (10 - inside))
    finding = between(seen, "0.33", "0.35")
    assert finding.verdict == verdict
    assert f"{inside} of 10" in finding.sentence
    assert "Fewer than 8 inside would have refuted the range." in finding.sentence


def test_a_tiny_but_clear_difference_is_reproduced_with_its_size():
    first, second = values(0.0500, 0.0001), values(0.0503, 0.0001)
    finding = ordering(first, second, "seconds", "lower")
    assert finding.verdict == "shown"
    assert finding.found == "-0.0003 [-0.0004, -0.0002]".replace("-", "\N{MINUS SIGN}")
    assert "(p < 0.001 for no difference)" in finding.sentence


def test_the_wrong_order_is_not_reproduced_and_a_wide_spread_shows_nothing():
    low, high = values(1.0, 0.01), values(2.0, 0.01)
    assert ordering(low, high, "seconds", "higher").verdict == "refuted"
    wide = values(1.05, 1.0)
    finding = ordering(low, wide, "seconds", "lower")
    assert finding.verdict == "undecided"
    assert finding.p_value == pytest.approx(stats.ttest_ind(low, wide, equal_var=False).pvalue)


def test_training_losses_of_the_same_seeds_are_paired():
    # The seeds' own luck is ten times the difference, and cancels.
    luck, rest = values(0.5, 0.1), values(0.01, 0.005)[[3, 9, 0, 5, 8, 1, 4, 7, 2, 6]]
    finding = ordering(luck + rest, luck, "loss", "higher")
    assert finding.verdict == "shown"
    assert finding.p_value == pytest.approx(stats.ttest_rel(luck + rest, luck).pvalue)
    assert "paired by seed" in finding.method
    assert stats.ttest_ind(luck + rest, luck, equal_var=False).pvalue > 0.5


def test_test_losses_are_compared_for_other_images_too():
    # Trainings that hardly differ, on images of which every one has its own difference.
    generator = np.random.default_rng(0)
    images = generator.normal(0, 1, 400)
    images += 0.05 - images.mean()
    second = generator.normal(0, 0.001, (10, 400)) + 1
    first = second + images + generator.normal(0, 0.001, (10, 400))
    finding = ordering(first, second, "test_loss", "higher")
    assert finding.verdict == "undecided"
    assert finding.p_value == compare(first, second).cautious_p_value
    assert "over seeds and test images" in finding.method
    # By hand: the mean of 400 images has a standard error of 1/20, and 2 of these are twice the difference.
    low, high = (
        float(end.replace("\N{MINUS SIGN}", "-")) for end in finding.found.split("[")[1].rstrip("]").split(",")
    )
    assert high - low == pytest.approx(4 * images.std() / 20, rel=0.03)
    # Welch's test on the trainings' means would have been sure.
    assert mean_difference(first.mean(axis=1), second.mean(axis=1)).low > 0.04


def test_accuracies_are_compared_in_percentage_points_over_seeds_and_images():
    first, second = correct(values(0.90, 0.002)), correct(values(0.88, 0.002))
    finding = ordering(first, second, "test_accuracy", "higher")
    assert finding.verdict == "shown"
    assert finding.found.startswith("+2.00 [")
    assert finding.found.endswith("percentage points")
    assert "the first is higher in 100 % of pairs" in finding.sentence
    # The same means on 100 images only: the images' own spread hides the difference.
    few = correct(values(0.90, 0.002), 100), correct(values(0.88, 0.002), 100)
    assert ordering(*few, "test_accuracy", "higher").verdict == "undecided"


@pytest.mark.parametrize(
    ("difference", "deviation", "verdict", "words"),
    [
        (0.0, 0.01, "shown", "lies within 0.1,"),
        (0.05, 0.01, "shown", "A difference is shown, but it is smaller than that."),
        (0.5, 0.01, "refuted", "The whole interval lies beyond 0.1,"),
        (-0.5, 0.01, "refuted", "The whole interval lies beyond 0.1,"),
        (0.0, 1.0, "undecided", "The interval reaches beyond 0.1, which was taken as nothing, but not all of it does."),
        # There is a difference, but it may be smaller than the margin.
        (0.1, 0.01, "undecided", "The interval reaches beyond 0.1,"),
    ],
)
def test_the_same_must_be_shown_within_the_margin_and_not_only_fail_to_differ(difference, deviation, verdict, words):
    first, second = values(1 + difference, deviation), values(1, deviation)
    finding = ordering(first, second, "seconds", "same", margin=0.1)
    assert finding.verdict == verdict
    assert words in finding.sentence


def test_the_margin_of_accuracies_is_a_share_and_is_told_in_percentage_points():
    first, second = correct(values(0.900, 0.001)), correct(values(0.901, 0.001))
    finding = ordering(first, second, "test_accuracy", "same", margin=0.005)
    assert finding.verdict == "shown"
    assert "lies within 0.5 percentage points, which was taken as nothing" in finding.sentence
    assert ordering(first, second, "test_accuracy", "same", margin=0.0005).verdict != "shown"


def test_a_number_of_an_epoch_is_held_against_that_epoch():
    part = NumberPart(kind="number", says="it is", of=FIRST, metric="loss", published="0.50", epoch=2)
    seen = trained(loss=curves(0.9, 0.5, 0.1))
    assert judged(part, seen).verdict == "compatible"
    assert judged(part.model_copy(update={"epoch": None}), seen).verdict == "refuted"


def test_a_trend_is_paired_by_seed():
    # Unpaired, the spread of the seeds would hide the rise.
    seen = curves(0.9, 0.5, 0.51, deviation=0.1)
    finding = trend(seen, "test_loss", (2, 3), "rises")
    assert finding.verdict == "shown"
    assert "from 0.5000 to 0.5100" in finding.sentence
    assert finding.method.endswith("on these test images")
    assert "images" not in trend(seen, "loss", (2, 3), "rises").method
    assert "lowest after epoch 2 of 3 (single trainings: 2)" in finding.sentence
    assert trend(seen, "test_loss", (2, 3), "falls").verdict == "refuted"


def test_a_gap_is_paired_by_seed():
    training = values(0.89, 0.1)
    finding = gap(training, training - 0.01, "higher")
    assert finding.verdict == "shown"
    assert finding.found == "+0.0100 [+0.0100, +0.0100]"
    assert finding.p_value < 0.001
    assert finding.method.endswith("on these test images")
    assert gap(training, training + 0.01, "higher").verdict == "refuted"


def test_up_and_down_needs_most_trainings_to_do_both():
    falling, wobbling = curves(4, 3, 2, 1), curves(4, 2, 3, 1)
    assert wobble(falling, 1, 4).verdict == "refuted"
    finding = wobble(wobbling, 1, 4)
    assert finding.verdict == "shown"
    assert "1 to 1 of the 3 epochs end higher" in finding.sentence
    half = np.concatenate([falling[:5], wobbling[:5]])
    assert wobble(half, 1, 4).verdict == "undecided"
    # Only rising is not up and down either.
    assert wobble(falling[:, ::-1], 1, 4).verdict == "refuted"


@pytest.mark.parametrize(
    ("stopped", "verdict"),
    [(20, "shown"), (15, "shown"), (14, "undecided"), (6, "undecided"), (5, "refuted"), (0, "refuted")],
)
def test_a_stop_is_shown_where_most_trainings_stop_there(stopped, verdict):
    # scipy.stats.binomtest(15, 20).proportion_ci() begins at 0.509, that of 14 at 0.457.
    finding = stop([2] * stopped + [3] * (20 - stopped), 2, 5)
    assert finding.verdict == verdict
    assert finding.found == f"{stopped} of 20 do"


@pytest.mark.parametrize(("accuracy", "verdict"), [(0.92, "shown"), (0.88, "refuted"), (0.901, "undecided")])
def test_a_threshold_must_lie_outside_the_interval(accuracy, verdict):
    part = ThresholdPart(
        kind="threshold", says="high", of=FIRST, metric="test_accuracy", at_least=0.9, because="nobody printed one"
    )
    finding = judged(part, trained(correct(values(accuracy, 0.001))))
    assert finding.verdict == verdict
    assert "the threshold of 90 % is ours: nobody printed one" in finding.sentence


def test_an_error_must_be_the_one_that_names_the_rule():
    assert error("variants.x.flatten: images are flattened", "are flattened").verdict == "shown"
    assert error("variants.x.flatten: is not a known key", "are flattened").verdict == "refuted"
    assert error(None, "are flattened").verdict == "refuted"


def findings(*verdicts, condition="unscaled", close=0.0):
    return [
        Finding(verdict, "", "", "", "", 5, condition=condition if verdict.endswith("only if") else "", close=close)
        for verdict in verdicts
    ]


@pytest.mark.parametrize(
    ("verdicts", "combined", "text"),
    [
        (["shown", "shown"], "reproduced", "reproduced"),
        (["compatible", "compatible"], "compatible", "compatible"),
        (["shown", "compatible"], "reproduced", "reproduced (1 part shown, 1 compatible)"),
        (["shown", "compatible", "shown"], "reproduced", "reproduced (2 parts shown, 1 compatible)"),
        (["shown", "shown only if"], "only if", "reproduced only if unscaled"),
        (["compatible only if"] * 2, "only if", "compatible only if unscaled"),
        (["shown", "compatible only if"], "only if", "reproduced only if unscaled (1 part shown, 1 compatible)"),
        (["refuted", "refuted"], "not reproduced", "not reproduced"),
        (["undecided"], "undecided", "undecided"),
        (["undecided", "refuted"], "not reproduced", "not reproduced"),
        (["shown", "undecided"], "in part", "reproduced in 1 of 2 parts"),
        (["compatible", "refuted"], "in part", "compatible in 1 of 2 parts"),
        (["shown", "compatible", "refuted"], "in part", "reproduced in 2 of 3 parts (1 part shown, 1 compatible)"),
        (["compatible only if", "refuted"], "in part", "compatible in 1 of 2 parts, in part only if unscaled"),
        (["shown", "not measured"], "reproduced", "reproduced; 1 part not measured"),
        (["not measured"], "not measured", "not measured"),
    ],
)
def test_the_parts_are_summed_up(verdicts, combined, text):
    assert headline(findings(*verdicts)) == combined
    assert words(findings(*verdicts)) == text


def test_judging_loads_no_drawing_and_evidence_no_statistics():
    for module, unwanted in (("verdicts", "matplotlib"), ("outcome", "sklearn statsmodels")):
        code = f"import sys, hemline.claims.{module}; print(*sys.modules.keys() & set('{unwanted}'.split()))"
        done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
        assert not done.stdout.strip(), f"{module} imports {done.stdout}"
