"""Which model is chosen, and what a challenge decides and says."""

import numpy as np
import pandas as pd
import pytest

from hemline.comparison.promotion import challenge, choose, describe_challenge
from hemline.errors import InputError


def runs(**accuracies):
    """Return the table of runs for each variant's validation accuracies; test accuracies go the other way."""
    rows = [
        {
            "variant": name,
            "seed": 10 + n,
            "val_accuracy": value,
            "test_accuracy": 1 - value,
            "model_sha256": f"{name}{n}",
        }
        for name, values in accuracies.items()
        for n, value in enumerate(values)
    ]
    return pd.DataFrame(rows)


def test_the_variant_is_chosen_by_the_mean_over_its_seeds_and_not_by_its_luckiest_one():
    chosen = choose(runs(lucky=[0.5, 0.99], steady=[0.8, 0.82]))
    assert (chosen.variant, chosen.seed, chosen.place, chosen.model_sha256) == ("steady", 11, 1, "steady1")
    assert chosen.validation == pytest.approx(0.81)
    assert chosen.own_validation == 0.82
    assert (chosen.seeds, chosen.variants) == (2, 2)


def test_the_test_images_have_no_say_in_the_choice():
    assert choose(runs(a=[0.7], b=[0.6])).test_accuracy == pytest.approx(0.3)


def test_without_validation_the_remedy_is_named():
    with pytest.raises(InputError, match=r"normalize\.validation_split: must be above 0 .*params\.yaml.*dvc repro"):
        choose(runs(a=[float("nan")]))


def test_a_single_seed_is_not_called_a_mean():
    assert (
        choose(runs(a=[0.7])).describe() == "a is the only variant: 70.00 % validation accuracy with its one seed, 10"
    )


def right(count, of=1000):
    return np.arange(of) < count


def test_a_candidate_that_wins_many_images_is_better_and_the_sentence_has_the_numbers():
    row = challenge(right(900), right(800))
    assert row.verdict == "better"
    sentence = describe_challenge(row, "the champion (version 1)")
    assert "better than the champion (version 1) on 1,000 test images: +10.00 percentage points" in sentence
    assert "right where the champion is wrong on 100 images, wrong where it is right on 0" in sentence
    # The normal interval of a mean of a hundred ones among nine hundred zeros: 0.1 +- 1.962 * sqrt(0.09 / 999).
    assert "95 % interval +8.14 to +11.86" in sentence


def test_a_candidate_that_wins_by_chance_is_not_better():
    assert challenge(right(803), right(800)).verdict == "no difference shown"


def test_a_worse_candidate_is_called_worse():
    row = challenge(right(700), right(800))
    assert row.verdict == "worse"
    assert "it is worse than" in describe_challenge(row, "the champion")
