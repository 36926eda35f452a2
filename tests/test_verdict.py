"""The words follow from the numbers, and only from the numbers that may choose."""

import numpy as np
import pandas as pd
import pytest
from report_data import Inputs, comparison, facts
from scipy import stats

from hemline.comparison.selection import best_by_validation
from hemline.report.about_data import unbeaten
from hemline.report.apart import apart, middle_mean
from hemline.report.question import Question
from hemline.report.verdict import Verdict, describe

RUNS = pd.DataFrame({"variant": "linear", "seed": range(4), "test_accuracy": 0.8})


def verdict(
    *verdicts: str,
    seeds: int = 4,
    validation: dict[str, float] | None = None,
    improving: tuple[str, ...] = (),
    so_far: tuple[str, ...] = (),
    over_solved: list[str | None] | None = None,
    per_seed: bool = False,
    **about: float,
) -> Verdict:
    named = {f"dense-{place}": name for place, name in enumerate(verdicts)}
    inputs = Inputs(verdicts=named, improving=improving, so_far=so_far, **about)  # type: ignore[arg-type]
    table = comparison(inputs)
    if over_solved:
        table["over_solved_verdict"] = over_solved
    means = pd.Series(validation or dict.fromkeys(inputs.variants, np.nan))
    sizes = {"seeds": seeds, "test_images": 1000, "runs": RUNS, "per_seed": per_seed}
    return describe(table, means, "linear", "Tiny shapes", facts(inputs), **sizes)


@pytest.mark.parametrize(
    ("verdicts", "beginning"),
    [
        (["better"], "Yes: dense-0 beats the baseline linear on Tiny shapes, by +3.10 to +5.10 percentage points"),
        (["better", "better"], "Yes: all 2 variants beat"),
        (["better", "no difference shown"], "In part: 1 of 2 variants beats"),
        (["better", "worse", "worse"], "In part: 1 of 3 variants beats"),
        (["worse", "no difference shown"], "No: 1 of 2 variants is worse than the baseline linear"),
        (["worse"], "No: 1 of 1 variants is worse"),
        (["no difference shown"], "Not shown: no variant is shown to differ from the baseline linear"),
        (["too few to tell"], "Too few seeds or images to tell whether any variant differs from the baseline linear"),
        (["too few to tell", "no difference shown"], "Too few seeds or images to tell whether 1 of 2 variants differs"),
        ([], "No comparison on Tiny shapes: the baseline linear is the only variant."),
    ],
)
def test_the_answer_says_what_was_found(verdicts: list[str], beginning: str) -> None:
    assert verdict(*verdicts).answer.startswith(beginning)


def test_an_answer_about_a_solved_baseline_counts_the_networks_only() -> None:
    table = comparison(Inputs(verdicts={"trained": "worse", "a": "better", "b": "better"}, so_far=("trained",)))
    told = describe(
        *(table, pd.Series(dict.fromkeys(table["variant"], np.nan)), "linear", "Tiny shapes", facts(Inputs())),
        seeds=4,
        test_images=1000,
        runs=RUNS,
        question=Question("", "the solved linear baseline linear", ["a", "b"], "networks"),
    )
    assert told.answer.startswith("Yes: all 2 networks beat the solved linear baseline linear on Tiny shapes, by")
    assert "Worse than linear: trained by" in told.details[1]


def test_an_answer_in_part_accounts_for_every_variant() -> None:
    answer = verdict("better", "worse", "no difference shown", "no difference shown").answer
    assert answer.endswith("; 1 is worse and for 2 no difference is shown.")


def test_of_very_many_variants_the_first_are_named_and_the_others_counted() -> None:
    (sentence,) = (line for line in verdict(*40 * ["better"]).details if line.startswith("Better than"))
    assert sentence.count("dense-") == 8
    assert sentence.endswith(", and 32 others (the table has them).")
    (all_named,) = (line for line in verdict(*9 * ["better"]).details if line.startswith("Better than"))
    assert all_named.count("dense-") == 9


def test_each_gain_is_told_with_its_interval() -> None:
    details = verdict("better", "worse", "no difference shown").details
    assert details == [
        "Better than linear: dense-0 by +4.10 percentage points (95 % interval +3.10 to +5.10).",
        "Worse than linear: dense-1 by 4.80 percentage points (95 % interval 3.80 to 5.80).",
        (
            "No difference from linear shown: dense-2 +0.50 percentage points (95 % interval −0.50 to +1.50; "  # noqa: RUF001
            "a gain of 0.90 would have been shown in 80 % of cases)."
        ),
    ]


def test_the_best_is_chosen_by_validation_and_never_by_test_accuracy() -> None:
    # On the test images, dense-0 is far ahead.
    chosen = verdict("better", "worse", validation={"linear": 0.7, "dense-0": 0.8, "dense-1": 0.81}).selection
    assert chosen.startswith("Best by validation accuracy: dense-1, with 81.00 % on the validation images")


def test_the_first_of_equals_is_the_best() -> None:
    assert best_by_validation(pd.Series({"a": 0.5, "b": 0.9, "c": 0.9})) == "b"


def test_without_validation_no_variant_is_called_the_best() -> None:
    assert best_by_validation(pd.Series({"a": np.nan, "b": np.nan})) is None
    assert "no variant is called the best" in verdict("better").selection


def test_an_interval_that_says_nothing_is_not_printed() -> None:
    assert verdict("better", "too few to tell").details == [
        "Better than linear: dense-0 by +4.10 percentage points (95 % interval +3.10 to +5.10).",
        "Too few seeds or images to tell: dense-1.",
    ]
    assert "for 1 there are too few seeds or images to tell" in verdict("better", "too few to tell").answer


def test_a_baseline_that_is_not_trained_yet_is_not_said_to_be_beaten() -> None:
    both = ("linear", "dense-0")
    answer = verdict("better", improving=both, so_far=("dense-0",)).answer
    assert answer.startswith("Yes, so far: dense-0 beats the baseline linear")
    assert answer.endswith(
        "; but all variants still improved when training ended, so this compares their speed of "
        "learning, not their final quality."
    )
    alone = verdict("better", "better", improving=("linear",), so_far=("dense-0", "dense-1"))
    assert "; but the baseline still improved" in alone.answer
    assert not any(text.startswith("Still improving") for text in alone.details)  # once is enough
    some = verdict("better", "better", improving=("linear", "dense-1"), so_far=("dense-0", "dense-1"))
    assert "the baseline and 1 of the others still improved" in some.answer
    assert (
        "Still improving when training ended: linear, dense-1. More epochs may change their accuracies." in some.details
    )


def test_a_variant_that_is_ahead_and_still_improves_is_told_and_takes_nothing_from_the_answer() -> None:
    told = verdict("better", improving=("dense-0",))
    assert (
        told.answer == "Yes: dense-0 beats the baseline linear on Tiny shapes, by +3.10 to +5.10 percentage points of "
        "test accuracy (the 95 % interval)."
    )
    assert "Still improving when training ended: dense-0. More epochs may change its accuracy." in told.details


def test_convergence_that_cannot_be_seen_is_called_unknown() -> None:
    table = comparison(Inputs()).assign(still_improves="unknown")
    told = describe(table, pd.Series(dtype=float), "linear", "Tiny", facts(Inputs()), seeds=4, test_images=9, runs=RUNS)
    assert told.details[-1].startswith("It is unknown whether the variants had converged")


@pytest.mark.parametrize("seeds", [2, 3])
def test_two_or_three_seeds_are_said_to_show_large_differences_only(seeds: int) -> None:
    assert verdict("better", seeds=seeds).basis.endswith(
        f"With {seeds} seeds, only large differences can be shown: set 4 or more in params.yaml."
    )


def test_one_seed_is_said_to_leave_the_seeds_out_of_the_interval() -> None:
    assert "the choice of test images only" in verdict("better", seeds=1).basis
    assert verdict("better", seeds=4).basis == (
        "4 seeds for each variant and 1,000 test images: the intervals account for the choice of both. "
        "4 trainings without a failure rule out only failure rates above 53 %."
    )


def test_a_share_of_the_training_images_is_called_a_preview_first() -> None:
    table = comparison(Inputs())
    means = pd.Series(dict.fromkeys(Inputs().variants, 0.5))
    told = [
        describe(
            *(table, means, "linear", "Tiny shapes", facts(Inputs())),
            seeds=4,
            test_images=1000,
            runs=RUNS,
            train_share=share,
        ).details
        for share in (0.2, 1)
    ]
    assert told[0][0].startswith("This is a preview: the networks saw 20 % of the training images.")
    assert told[1] == told[0][1:]


def test_a_headline_says_so_where_no_variant_beats_the_most_frequent_class() -> None:
    # The interval of every accuracy begins at 70 %.
    answer = verdict("better", most_frequent_rate=0.95).answer
    assert answer.startswith("Yes: dense-0 beats the baseline linear")
    assert answer.endswith(
        "interval). No variant is shown to do better than always predicting class 0, the most frequent class, "
        "which scores 95.00 % on the test images."
    )
    assert (
        "always predicting" in verdict("better", most_frequent_rate=0.7).answer
    )  # the end of the interval is not above
    assert "always predicting" not in verdict("better", most_frequent_rate=0.69).answer


def test_the_variants_that_do_not_beat_the_most_frequent_class_are_named_or_counted() -> None:
    table = comparison(Inputs(verdicts=dict.fromkeys("abcde", "better")))
    about = facts(Inputs(most_frequent_rate=0.75))
    lows = {"linear": 0.7, "a": 0.8, "b": 0.8, "c": 0.8, "d": 0.8, "e": 0.8}

    def told(**low: float) -> str:
        return unbeaten(table.assign(accuracy_low=table["variant"].map(lows | low)), about, "linear")

    assert told(linear=0.8) == ""
    assert told().startswith("The baseline linear is not shown to do better than always predicting class 0")
    assert told(a=0.7).startswith("The baseline linear and a are not shown")
    assert told(linear=0.8, e=0.75).startswith("e is not shown")
    assert told(a=0.7, b=0.7, c=0.7).startswith("4 of 6 variants are not shown")
    assert told(**dict.fromkeys("abcde", 0.7)).startswith("No variant is shown")


def test_imbalanced_classes_are_told_with_what_counts_them_the_same() -> None:
    validation = {"linear": 0.7, "dense-0": 0.8}
    told = verdict("better", imbalanced=True, most_frequent_rate=0.6, validation=validation)
    (sentence,) = told.data
    assert sentence == (
        "The classes are imbalanced: always predicting class 0, the most frequent class, would score 60.00 %. Balanced "
        "accuracy and macro F1 count every class the same."
    )
    assert told.selection.endswith("84.10 % on the test images (balanced accuracy 50.00 %).")
    assert verdict("better", validation=validation).selection.endswith("84.10 % on the test images.")


def test_duplicates_are_told_where_there_are_any() -> None:
    assert verdict("better").data == []
    assert verdict("better", duplicates=1).data == [
        "1 of 1,000 test images is also a training or validation image, pixel for pixel."
    ]
    (sentence,) = verdict("better", duplicates=12, relabelled=3).data
    assert sentence == (
        "12 of 1,000 test images are also training or validation images, pixel for pixel; 3 of them with another label "
        "there."
    )


def test_several_gains_are_told_from_their_lowest_end_to_their_highest() -> None:
    # 4.1 and 4.2 points, each more or less a point: what reads as an interval is one.
    assert "by +3.10 to +5.20 percentage points of test accuracy (the lowest and the highest end of their" in (
        verdict("better", "better").answer
    )


def test_with_one_seed_the_answer_is_about_the_trained_models() -> None:
    words = "; this applies to these trained models only, one of each variant, not to other seeds."
    assert verdict("better", seeds=1).answer.endswith(words)
    assert words not in verdict("better", seeds=2).answer


@pytest.mark.parametrize(("seeds", "share"), [(1, 95), (4, 53), (10, 26), (20, 14)])
def test_it_is_told_how_rare_a_failure_the_seeds_can_rule_out(seeds: int, share: int) -> None:
    # The upper end of the exact one-sided interval of a share of which none of so many was seen.
    exact = stats.binomtest(0, seeds, alternative="less").proportion_ci(0.95, method="exact").high
    assert 100 * exact == pytest.approx(share, abs=0.6)
    assert f"out only failure rates above {share} %." in verdict("better", seeds=seeds).basis


def test_a_training_that_stands_apart_is_named_with_the_mean_that_it_does_not_move() -> None:
    runs = pd.DataFrame({"variant": "a", "seed": [3, 5, 7, 9], "test_accuracy": [0.87, 0.10, 0.88, 0.874]})
    (sentence,) = apart(runs)
    assert sentence.startswith("One training of a is an outlier: seed 5 scores 10.00 % on the test images")
    assert "the others 87.00 to 88.00 %. The mean is 68.10 %, the interquartile mean 87.20 %" in sentence
    assert apart(runs.assign(test_accuracy=[0.80, 0.75, 0.82, 0.81])) == []  # by less than five ranges
    assert apart(runs.assign(test_accuracy=[0.870, 0.861, 0.871, 0.8705])) == []  # by less than a point
    assert apart(runs.iloc[:3]) == []


@pytest.mark.parametrize("count", [4, 8, 10, 20])
def test_the_interquartile_mean_is_scipys(count: int) -> None:
    values = np.random.default_rng(count).random(count)
    assert middle_mean(values) == pytest.approx(stats.trim_mean(values, 0.25))


def test_with_a_split_for_each_seed_the_basis_says_what_the_intervals_cover_and_what_they_cannot():
    told = verdict("better", per_seed=True).basis
    expected = (
        "each with its own training and validation images, and 1,000 test images: the intervals account for the choice"
    )
    assert expected in told
    assert "all three, but not another test set or another data set: there is one of each." in told
    assert "all three" not in verdict("better").basis
