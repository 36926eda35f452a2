"""The words follow from the numbers, and only from the numbers that may choose."""

import numpy as np
import pandas as pd
import pytest
from report_data import Inputs, comparison

from hemline.comparison.selection import best_by_validation
from hemline.report.verdict import Verdict, describe


def verdict(*verdicts: str, seeds: int = 2, validation: dict[str, float] | None = None) -> Verdict:
    inputs = Inputs(verdicts={f"dense-{place}": name for place, name in enumerate(verdicts)})
    table = comparison(inputs)
    means = pd.Series(validation or dict.fromkeys(inputs.variants, np.nan))
    return describe(table, means, "linear", "Tiny shapes", seeds=seeds, test_images=1000)


@pytest.mark.parametrize(
    ("verdicts", "beginning"),
    [
        (["better"], "Yes: dense-0 beats the baseline linear on Tiny shapes, by 4.10 percentage points"),
        (["better", "better"], "Yes: all 2 variants beat"),
        (["better", "no difference shown"], "In part: 1 of 2 variants beats"),
        (["better", "worse", "worse"], "In part: 1 of 3 variants beats"),
        (["worse", "no difference shown"], "No: 1 of 2 variants is worse than the baseline linear"),
        (["worse"], "No: 1 of 1 variants is worse"),
        (["no difference shown"], "Not shown: no variant differs from the baseline linear"),
        ([], "No comparison on Tiny shapes: linear is the only variant."),
    ],
)
def test_the_answer_says_what_was_found(verdicts: list[str], beginning: str) -> None:
    assert verdict(*verdicts).answer.startswith(beginning)


def test_an_answer_in_part_accounts_for_every_variant() -> None:
    answer = verdict("better", "worse", "no difference shown", "no difference shown").answer
    assert answer.endswith("; 1 is worse and for 2 no difference is shown.")


def test_each_gain_is_told_with_its_interval() -> None:
    details = verdict("better", "worse", "no difference shown").details
    assert details == [
        "Better than linear: dense-0 by +4.10 percentage points (95 % interval +3.10 to +5.10).",
        "Worse than linear: dense-1 by −4.80 percentage points (95 % interval −5.80 to −3.80).",  # noqa: RUF001
        "No difference from linear shown: dense-2 +0.50 percentage points (95 % interval −0.50 to +1.50).",  # noqa: RUF001
    ]


def test_the_best_is_chosen_by_validation_and_never_by_test_accuracy() -> None:
    # On the test images, dense-0 is far ahead.
    chosen = verdict("better", "worse", validation={"linear": 0.7, "dense-0": 0.8, "dense-1": 0.81}).selection
    assert chosen.startswith("Best by validation accuracy: dense-1, with 81.00 % of the validation images")


def test_the_first_of_equals_is_the_best() -> None:
    assert best_by_validation(pd.Series({"a": 0.5, "b": 0.9, "c": 0.9})) == "b"


def test_without_validation_no_variant_is_called_the_best() -> None:
    assert best_by_validation(pd.Series({"a": np.nan, "b": np.nan})) is None
    assert "no variant is called the best" in verdict("better").selection


def test_one_seed_is_said_to_leave_the_seeds_out_of_the_interval() -> None:
    assert "the choice of test images only" in verdict("better", seeds=1).basis
    assert verdict("better", seeds=4).basis == (
        "4 seeds for each variant and 1,000 test images: the intervals cover the choice of both."
    )
