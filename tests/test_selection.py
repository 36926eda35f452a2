"""Which variant is chosen by the validation images: of those that tie, the smallest."""

import numpy as np
import pandas as pd
import pytest
from report_data import Inputs, comparison, facts

from hemline.comparison.metrics import decision_of, find_metric
from hemline.comparison.promotion import choose
from hemline.comparison.selection import Selection, select
from hemline.report.verdict import describe

LABELS = np.arange(2000) % 2
SIZES = {"linear": 10, "small": 100, "large": 1000}


def right(share, variant):
    """Return trainings of four seeds that are right about a share of the images, by their difficulty and some luck."""
    difficulty = np.random.default_rng(0).random(len(LABELS))
    luck = np.random.default_rng(sum(map(ord, variant))).normal(0, 0.05, (4, len(LABELS)))
    return difficulty + luck < share


def selected(**shares):
    scores = {variant: right(share, variant) for variant, share in shares.items()}
    return select(scores, LABELS, SIZES, "linear", find_metric("accuracy"))


def test_of_those_that_are_not_shown_to_differ_the_smallest_is_chosen():
    found = selected(linear=0.7, small=0.85, large=0.8505)
    assert (found.best, sorted(found.tied), found.chosen, found.other) == (
        "large",
        ["large", "small"],
        "small",
        "small",
    )


def test_a_variant_that_is_shown_to_be_better_is_chosen_whatever_its_size():
    found = selected(linear=0.7, small=0.8, large=0.9)
    assert (found.tied, found.chosen) == (["large"], "large")


def test_where_the_baseline_ties_another_is_still_chosen_to_stand_beside_it():
    found = selected(linear=0.85, small=0.85, large=0.7)
    assert (found.chosen, found.other) == ("linear", "small")


def test_without_validation_images_nothing_is_chosen():
    scores = {"linear": np.zeros((4, 0), bool)}
    assert select(scores, LABELS[:0], SIZES, "linear", find_metric("accuracy")) == Selection()


def test_of_a_loss_the_lower_one_is_ahead():
    metric = find_metric("log_loss")
    own = {
        name: np.where(LABELS[:, None] == [0, 1], sure, 1 - sure) for name, sure in (("linear", 0.6), ("large", 0.9))
    }
    noise = np.random.default_rng(1).normal(0, 0.01, (4, len(LABELS)))
    scores = {name: decision_of(metric).scores(each, LABELS) + noise for name, each in own.items()}
    assert select(scores, LABELS, SIZES, "linear", metric).tied == ["large"]


def test_promotion_takes_the_best_seed_of_the_variant_that_is_chosen_and_says_why():
    rows = [("small", 0, 0.84), ("small", 1, 0.85), ("large", 0, 0.86), ("large", 1, 0.84)]
    runs = pd.DataFrame(rows, columns=["variant", "seed", "val_accuracy"]).assign(test_accuracy=0.8, model_sha256="a")
    candidate = choose(runs, selection=Selection(best="large", tied=["large", "small"], chosen="small", other="small"))
    assert (candidate.variant, candidate.seed) == ("small", 1)
    assert candidate.validation == pytest.approx(0.845)
    assert "small is the smallest of 2 variants that tie by validation" in candidate.describe()


def test_the_page_says_that_variants_tie_and_which_of_them_is_chosen():
    inputs = Inputs()
    first, second = inputs.variants[:2]
    means, runs = pd.Series({first: 0.7, second: 0.71}), pd.DataFrame(columns=["variant", "seed", "test_accuracy"])
    selection = Selection(best=second, tied=[second, first], chosen=first, other=second)
    given = {"seeds": 4, "test_images": 1000, "runs": runs, "selection": selection}
    told = describe(comparison(inputs), means, "linear", "Tiny", facts(inputs), **given).selection
    expected = f"{first} is not shown to differ from {second}, which is ahead. The smallest of them is chosen: {first}"
    assert told.startswith(f"Several tie by validation accuracy: {expected}, with 70.00 %")


def test_images_of_one_object_do_not_part_variants_that_tie_by_objects():
    ten = {name: np.repeat(right(share, name)[:1], 10, axis=1) for name, share in (("linear", 0.84), ("large", 0.85))}
    labels, groups = np.repeat(LABELS, 10), np.repeat(np.arange(len(LABELS)), 10)
    alone, together = (
        select(ten, labels, SIZES, "linear", find_metric("accuracy"), groups=each) for each in (None, groups)
    )
    assert (alone.chosen, together.chosen) == ("large", "linear")
