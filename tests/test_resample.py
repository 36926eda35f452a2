"""Another test set, drawn from all images, and variants compared over several."""

import sys

import numpy as np
import pandas as pd
import pytest
from pipelines_for_tests import PARAMS, PATIENCE, make_pipeline
from scipy import stats

from commands.resample import experiments, summary
from hemline.comparison.redrawn import compare_redrawn
from hemline.data.description import Split
from hemline.data.labels import Labels
from hemline.data.splits import choose
from hemline.errors import InputError
from hemline.formats.raw import redrawn
from hemline.params import parse_params

TRAIN, TEST = np.repeat([0, 1], [40, 20]), np.repeat([0, 1], [20, 10])


class Images:
    """Raw images that are numbers, those of the test from 100 on."""

    def __init__(self, groups=None, **parts):
        labels = {"train": TRAIN, "test": TEST} | parts
        self.parts = {part: Labels(each, ["cat", "dog"], groups and groups[part]) for part, each in labels.items()}

    def batches(self, part):
        first = {"train": 0, "test": 100, "validation": 200}[part]
        yield from np.array_split(np.arange(first, first + len(self.parts[part].codes)), 3)


class Dataset:
    """A data set with a given test set."""


def draw(images, seed):
    raw, split = redrawn(images, Dataset(), seed)
    return raw, choose(raw.parts, split=split, validation_split=0.25)


def numbers(raw, chosen):
    return np.concatenate([*raw.batches(chosen.part)])[chosen.indices]


def test_a_redrawn_test_set_has_the_given_size_and_shares_of_classes_and_images_of_both_parts():
    raw, sets = draw(Images(), 1)
    shown = {name: numbers(raw, chosen) for name, chosen in sets.items()}
    assert {name: len(each) for name, each in shown.items()} == {"train": 45, "validation": 15, "test": 30}
    assert np.bincount(raw.parts["all"].codes[sets["test"].indices]).tolist() == [20, 10]
    assert (shown["test"] < 100).any()
    assert (shown["test"] >= 100).any()
    assert sorted(np.concatenate([*shown.values()])) == [*range(60), *range(100, 130)]


def test_each_number_redraws_another_test_set_and_always_the_same():
    found = [draw(Images(), seed)[1]["test"].indices.tolist() for seed in (1, 2, 1)]
    assert found[0] == found[2] != found[1]


def test_images_of_one_object_stay_on_one_side_even_from_both_parts():
    groups = {"train": np.arange(60) // 4, "test": np.arange(30) // 4}
    raw, sets = draw(Images(groups), 3)
    joined = np.concatenate([groups["train"], groups["test"]])
    sides = [set(joined[sets[name].indices]) for name in ("test", "train", "validation")]
    assert not sides[0] & (sides[1] | sides[2])
    assert raw.parts["all"].groups.tolist() == joined.tolist()


def test_given_validation_images_stay_what_they_are():
    raw, sets = draw(Images(validation=np.array([0, 1])), 1)
    assert numbers(raw, sets["validation"]).tolist() == [200, 201]


def test_a_test_set_that_was_drawn_is_drawn_with_another_seed(monkeypatch):
    monkeypatch.setattr("hemline.formats.raw.CollectedDataset", Dataset)
    dataset, images = Dataset(), Images()
    dataset.split = Split(test=0.4, seed=0)
    images.parts = {"all": images.parts["train"]}
    assert redrawn(images, dataset, 7)[1] == Split(test=0.4, seed=7)


GAINS = {"small": [0.03, 0.01, 0.04, 0.02], "large": [0.03, -0.03, 0.02, -0.01]}


def test_variants_are_compared_with_the_corrected_interval_and_holms_method():
    small, large = compare_redrawn(GAINS, 0.1)
    p_values = []
    for row, values in ((small, GAINS["small"]), (large, GAINS["large"])):
        error = np.std(values, ddof=1) * np.sqrt(1 / 4 + 0.1)
        assert row[1:4] == pytest.approx([np.mean(values), *stats.t.interval(0.95, 3, np.mean(values), error)])
        p_values.append(2 * stats.t.sf(abs(np.mean(values)) / error, 3))
    assert (small.p_holm, large.p_holm) == pytest.approx((2 * p_values[0], p_values[1]))
    assert (small.verdict, large.verdict) == ("no difference shown", "no difference shown")
    assert small.gain_low > 0  # its interval alone would show a gain: Holm's method takes two variants into account
    assert compare_redrawn({"small": GAINS["small"]}, 0.1)[0].verdict == "better"


def test_a_redraw_keeps_the_users_parameters_and_has_a_split_and_a_seed_of_its_own():
    params = parse_params(PARAMS | {"metric": "brier"}, None)
    found = experiments(params, 2)
    assert list(found) == ["resample-tiny-1", "resample-tiny-2"]
    second = parse_params(found["resample-tiny-2"], None)
    assert (second.normalize.redraw, second.seeds, second.metric) == (2, [2], "brier")
    assert (second.normalize.validation_split, second.variants) == (0.2, params.variants)


def test_the_summary_has_the_unit_of_the_metric():
    text = summary(compare_redrawn(GAINS, 0.1), parse_params(PARAMS, None), 4)
    assert "Gain over linear in test accuracy on tiny, mean over 4 redraws:" in text
    assert "| small     | +2.50 [" in text


def test_the_key_that_somebody_would_try_is_answered_with_the_command():
    with pytest.raises(InputError, match=r"resample: is no setting of a single run: `make resample K=10`"):
        parse_params(PARAMS | {"resample": 10}, None)


@pytest.mark.trials(few=0, many=1)  # minutes
def test_redraws_are_experiments_that_are_run_once(tmp_path):
    made = make_pipeline(tmp_path / "repository")
    command = (sys.executable, "-m", "hemline", "resample")
    refused = made.run(*command, "3", check=False)
    assert (refused.returncode, refused.stderr) == (1, "error: K: must be 4 to 100 redraws, got 3\n")
    before = made.run("git", "status", "--porcelain").stdout
    assert made.start(*command, "4").wait(timeout=4 * PATIENCE) == 0
    first = made.output()
    assert "4 experiments in " in first
    assert made.run("git", "status", "--porcelain").stdout == before
    table = pd.read_csv(made.folder / "reports/resampled.csv")
    assert list(table["variant"]) == ["dense-4"]
    again = made.run(*command, "4").stdout
    assert again == first[-len(again) :]  # the table, and nothing of a training
