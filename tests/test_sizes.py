"""Variants compared at several numbers of training images."""

import sys

import numpy as np
import pandas as pd
import pytest
from pipelines_for_tests import PARAMS, PATIENCE, make_pipeline

from commands import sizes
from commands.sizes import experiment, first_epochs, numbers
from hemline.comparison.crossing import crossing
from hemline.comparison.power_law import power_law
from hemline.data.labels import Labels
from hemline.data.splits import choose_per_seed
from hemline.errors import InputError
from hemline.params import parse_params
from hemline.report.sizes import Measured, Sized, gains, laws_of, sentence

SIZES = [1000, 3000, 10000, 30000, 60000]
LABELS = np.repeat([0, 1, 2], [60, 30, 10])


def draw(number, seed=0, groups=None):
    parts = {"train": Labels(LABELS, ["a", "b", "c"], groups), "test": Labels(LABELS, ["a", "b", "c"], groups)}
    found = choose_per_seed(parts, [seed], validation_split=0.2, train_images=number)
    return found.train[seed], found.validation[seed]


def scores(gain, rng, noise=0.3):
    """Scores of a variant at each size, whose expected gain over a baseline of 0 is ``gain(log size)``."""
    return [
        gain(np.log(each)) + noise * rng.standard_normal((4, 400)) + noise / 10 * rng.standard_normal((4, 1))
        for each in SIZES
    ]


def test_each_seed_draws_so_many_images_and_a_smaller_number_is_among_a_larger_one():
    for seed in (0, 1):
        few, many = ({*np.concatenate(draw(number, seed))} for number in (20, 50))
        assert (len(few), len(many)) == (20, 50)
        assert few < many
    assert {*draw(20, 0)[0]} != {*draw(20, 1)[0]}


def test_drawn_images_have_the_classes_in_their_shares_and_none_is_in_both_sets():
    train, validation = draw(50)
    assert np.bincount(LABELS[train]).tolist() == [24, 12, 4]
    assert np.bincount(LABELS[validation]).tolist() == [6, 3, 1]
    assert not {*train} & {*validation}


def test_images_of_one_object_are_drawn_together():
    groups = np.arange(100) // 2
    chosen = np.concatenate(draw(41, groups=groups))
    assert len(chosen) == 40
    assert set(np.bincount(groups[chosen])) == {0, 2}


@pytest.mark.parametrize("split", [{"split": "fixed"}, {"split": "per_seed", "train_share": 0.5}])
def test_a_number_of_images_that_no_seed_would_draw_is_refused(split):
    with pytest.raises(InputError, match=r"normalize.train_images: must be null unless"):
        parse_params(PARAMS | {"normalize": {"train_images": 10} | split}, None)


@pytest.mark.trials(few=60, many=1000)
def test_the_interval_contains_the_true_crossing(repetitions):
    rng, covered = np.random.default_rng(5), 0
    for _ in range(repetitions):
        found = crossing(SIZES, scores(lambda log: 0.02 * (log - np.log(8000)), rng), [np.zeros((4, 400))] * 5)
        covered += (found.low or 0) <= 8000 <= (found.high or np.inf)
    assert covered / repetitions >= 0.95 - 2 * np.sqrt(0.95 * 0.05 / repetitions)


def test_the_crossing_is_where_the_gain_turns_positive():
    exact = [np.full((4, 50), each) + np.linspace(-0.1, 0.1, 50) for each in (-0.1, -0.1, 0.1, 0.2, 0.3)]
    found = crossing(SIZES, exact, [np.zeros((4, 50))] * 5)
    assert found.size == pytest.approx(np.sqrt(3000 * 10000))
    assert 3000 < found.low < found.size < found.high < 10000


@pytest.mark.parametrize(
    ("means", "words"),
    [
        ([0.1] * 5, "v: better than b with every number of training images from 1,000 on."),
        ([-0.1] * 5, "v: not shown to be better than b with up to 60,000 training images."),
        ([0.0] * 5, "v: with 1,000 to 60,000 training images, no difference from b is shown."),
        ([0.0, 0.1, 0.1, 0.1, 0.1], "v: better than b from fewer than 1,000 training images on"),
        ([-0.1, -0.1, -0.1, -0.1, -0.001], "v: not shown to be better than b with up to 60,000 training images."),
    ],
)
def test_what_lies_outside_the_measured_sizes_is_said(means, words):
    wave = 0.05 * np.cos(np.arange(400))
    exact = [np.full((4, 400), each) + (wave - wave.mean()) for each in means]
    found = crossing(SIZES, exact, [np.zeros((4, 400))] * 5)
    assert sentence("v", "b", found, SIZES).startswith(words)


def losses(law, rng, noise=0.02):
    return [law(each) + noise * rng.standard_normal((4, 500)) for each in np.array(SIZES, float)]


def test_a_power_law_is_found_with_its_exponent_and_another_curve_is_none():
    rng = np.random.default_rng(0)
    law = power_law(SIZES, losses(lambda size: 2 * size**-0.3, rng))
    assert law.low < 0.3 < law.high
    assert law.floor == 0
    with_floor = power_law(SIZES, losses(lambda size: 0.1 + 20 * size**-0.6, rng))
    assert with_floor.low < 0.6 < with_floor.high
    assert with_floor.floor == pytest.approx(0.1, abs=0.01)
    assert power_law(SIZES, losses(lambda size: 0.3 - 0.1 * (size == 10000), rng)) is None


@pytest.mark.trials(few=60, many=1000)
def test_the_interval_of_the_exponent_contains_the_true_one(repetitions):
    rng = np.random.default_rng(3)
    found = [power_law(SIZES, losses(lambda size: 2 * size**-0.3, rng)) for _ in range(repetitions)]
    covered = np.mean([bool(law and law.low <= 0.3 <= law.high) for law in found if law])
    assert covered >= 0.95 - 2 * np.sqrt(0.95 * 0.05 / repetitions) - 0.03  # few seeds: the variance is estimated


def test_a_size_is_an_experiment_of_the_users_parameters_in_which_each_seed_draws_its_images():
    params = parse_params(PARAMS | {"metric": "brier", "sizes": [20, "all"]}, None)
    own = parse_params(experiment(params, 20, {"dense-4": 8}), None)
    assert (own.normalize.train_images, own.normalize.split, own.metric) == (20, "per_seed", "brier")
    assert own.normalize.validation_split == 0.2
    assert (own.epochs_of("dense-4"), own.epochs_of("linear")) == (8, 1)


def test_fewer_images_begin_with_more_epochs():
    params = parse_params(PARAMS | {"epochs": 5, "variants": PARAMS["variants"] | {"l": {"family": "logistic"}}}, None)
    assert first_epochs(params, 1000, 60000) == {"linear": 20, "dense-4": 20}
    assert first_epochs(params, 60000, 60000) == {"linear": 5, "dense-4": 5}


def epochs_in(values):
    return {name: own.get("epochs") for name, own in values["variants"].items()}


def test_the_epochs_are_doubled_as_long_as_that_lowers_the_validation_loss(monkeypatch):
    best_epochs, run = {("linear", 10): 4, ("linear", 40): 1, ("dense-4", 10): 2, ("dense-4", 40): 10**6}, []

    def run_all(declared):
        run.append({name: epochs_in(values) for name, values in declared.items()})
        return {name: (values["normalize"]["train_images"], values["variants"]) for name, values in declared.items()}

    def loss(revision, variant):
        size, variants = revision
        return abs(np.log2(variants[variant]["epochs"] / best_epochs[variant, size]))

    monkeypatch.setattr(sizes, "run_all", run_all)
    monkeypatch.setattr(sizes, "checked", lambda _: None)
    monkeypatch.setattr(sizes, "_loss", loss)
    found = sizes._trained(parse_params(PARAMS, None), [10, 40])
    assert {name: (each.epochs, each.improves) for name, each in found[10].items()} == {
        "linear": (4, False),
        "dense-4": (2, False),
    }
    assert {name: (each.epochs, each.improves) for name, each in found[40].items()} == {
        "linear": (1, False),
        "dense-4": (64, True),
    }
    assert run[1] == {
        "sizes-tiny-10-2": {"linear": 4, "dense-4": 4},
        "sizes-tiny-40-2": {"linear": 2, "dense-4": 2},
    }
    assert list(run[2]) == ["sizes-tiny-10-3", "sizes-tiny-40-3"]
    assert len(run) == 7


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"sizes": [10, 61]}, "params.yaml: sizes: must be at most 60, the training images of tiny, or `all`, got 61"),
        ({"sizes": [10, 10]}, r"sizes: must be two or more different numbers, got \[10, 10\]"),
        ({"sizes": [10, 60, "all"]}, r"params.yaml: sizes: must be two or more different numbers, got \[10, 60, 60\]"),
        ({"sizes": [0, "all"]}, "sizes.0: must be a number of images, 1 or more, or `all`, got 0"),
        ({"normalize": {"train_images": 5}}, "^None: normalize.train_images: must be null unless .*, got 5; a share"),
        ({"sizes": [10, 20], "seeds": [0, 1, 2]}, "params.yaml: seeds: must be 4 or more, .*, got 3"),
        ({"sizes": [10, 20], "tuning": {"trials": 2}}, "params.yaml: tuning.trials: must be 0: .*, got 2"),
    ],
)
def test_sizes_that_cannot_be_compared_are_one_line(changes, message, monkeypatch):
    monkeypatch.setattr("commands.sizes.load_dataset", lambda _: type("Dataset", (), {"training_images": 60}))
    with pytest.raises(InputError, match=message):
        numbers(parse_params(PARAMS | {"seeds": [0, 1, 2, 3]} | changes, None))


def test_the_table_has_the_gain_and_the_error_of_every_size():
    params = parse_params(PARAMS, None)
    right = np.ones((2, 30), bool)
    wrong = right.copy()
    wrong[:, :3] = False
    one = Measured({"linear": Sized(1, False, wrong), "dense-4": Sized(2, True, right)}, np.arange(30) % 3, None)
    table = gains(params, {10: one, 20: one})
    assert list(table["images"]) == [10, 10, 20, 20]
    assert list(table["error"]) == pytest.approx([0.1, 0, 0.1, 0])
    assert table["gain"][1] == pytest.approx(0.1)
    assert list(table["improves"]) == [False, True] * 2


@pytest.mark.trials(few=0, many=1)  # minutes
def test_sizes_are_experiments_that_are_run_once_and_make_a_page(tmp_path):
    made = make_pipeline(tmp_path / "repository")
    made.set(sizes=[30, "all"], seeds=[0, 1, 2, 3])
    made.commit("Sizes")
    command = (sys.executable, "-m", "hemline", "sizes")
    refused = made.run(*command, "--variants", "none", check=False)
    assert refused.stderr == "error: VARIANTS: must be some of linear,dense-4, got 'none'\n"
    assert made.start(*command).wait(timeout=6 * PATIENCE) == 0
    first = made.output()
    table = pd.read_csv(made.folder / "reports/sizes.csv")
    assert list(table["images"]) == [30, 30, 60, 60]
    assert "training images" in made.read("reports/sizes.html")
    again = made.run(*command).stdout
    assert again == first[-len(again) :]
    assert "experiments in" not in again


def test_the_validation_loss_of_a_training_is_the_mean_of_its_last_fifth(monkeypatch):
    rows = [
        {"seed": seed, "epoch": epoch, "val_loss": 100.0 - epoch + seed} for seed in (0, 1) for epoch in range(1, 11)
    ]
    monkeypatch.setattr(sizes, "files_of", lambda _: None)
    monkeypatch.setattr(sizes.Trained, "history", lambda _: pd.DataFrame(rows))
    assert sizes._loss("revision", "dense-4") == pytest.approx(100 - 9.5 + 0.5)


def test_a_power_law_is_one_of_the_error_not_of_the_accuracy():
    rng = np.random.default_rng(0)
    measured = {}
    for size in SIZES:
        right = rng.random((4, 4000)) > 5 * size**-0.4
        measured[size] = Measured(
            {name: Sized(1, False, right) for name in ("linear", "dense-4")}, np.arange(4000) % 3, None
        )
    law = laws_of(parse_params(PARAMS, None), measured)["dense-4"]
    assert law.low < 0.4 < law.high
    assert law.at(10000) == pytest.approx(5 * 10000**-0.4, abs=0.01)
