"""Every variant's settings are searched at the same budget, chosen by validation images, and trained again."""

import itertools
import json
import math
import subprocess
import sys

import numpy as np
import pytest
from pipelines_for_tests import PARAMS, REPOSITORY, finished_pipeline, wait_until
from ruamel.yaml import YAML
from scipy.stats import beta
from test_streaming import labelled

from hemline.errors import InputError
from hemline.families.dense import DenseSettings
from hemline.params import parse_params
from hemline.report import tuning
from hemline.report.expected_plot import expected_figure
from hemline.training.tensorflow import keras
from hemline.training.trainer import Trainer
from hemline.tuning.expected import expected_best, interval, most_trials
from hemline.tuning.sampling import draw
from hemline.tuning.search import Search, at_edges
from hemline.tuning.tuned import Trial, Tuned, best


def params(variants=None, **tuning_keys):
    values = PARAMS | {"tuning": {"trials": 5} | tuning_keys}
    return parse_params(values | {"variants": PARAMS["variants"] | (variants or {})}, "params.yaml")


def search(variant="dense-4", **tuning_keys):
    return Search.of(params(**tuning_keys), variant)


def test_there_is_no_search_by_default_and_none_of_a_family_that_declares_no_space():
    assert Search.of(parse_params(PARAMS, "params.yaml"), "dense-4") is None
    assert Search.of(params({"solved": {"family": "logistic"}}), "solved") is None


@pytest.mark.parametrize("sampler", ["random", "quasi-random"])
def test_further_trials_leave_the_first_ones_as_they_were(sampler):
    drawn = draw(search(trials=12, sampler=sampler))
    assert draw(search(trials=5, sampler=sampler)) == drawn[:5]
    assert len({json.dumps(each) for each in drawn}) == 12
    for each in drawn:
        assert 1e-4 <= each["learning_rate"] <= 1e-2
        assert each["batch_size"] in (32, 64, 128)
        assert each["dropout"] in (0.0, 0.2, 0.4)


def test_variants_and_seeds_draw_independently_of_each_other_and_every_process_the_same():
    assert draw(search())[0]["learning_rate"] != draw(search("linear"))[0]["learning_rate"]
    assert draw(search())[0] != draw(search(seed=1))[0]
    assert "dropout" not in draw(search("linear"))[0]
    code = (
        f"import sys; sys.path[:0] = ['{REPOSITORY}', '{REPOSITORY}/tests']; from test_tuning import *; "
        "print(draw(search()))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip().splitlines()[-1] == str(draw(search()))


def test_a_space_of_the_users_replaces_that_of_the_family_for_all_variants_or_adds_to_it_for_one():
    found = search(space={"batch_size": [8, 16]}, spaces={"dense-4": {"activation": ["relu", "tanh"]}}, trials=20)
    drawn = draw(found)
    assert {each["batch_size"] for each in drawn} == {8, 16}
    assert {each["activation"] for each in drawn} == {"relu", "tanh"}
    assert "activation" not in search("linear", spaces={"dense-4": {"activation": ["relu"]}}).space
    # A setting that a family does not declare is none of a variant's, unless it is given for this variant.
    assert "dropout" not in search("linear", space={"dropout": [0.0, 0.5]}).space


def test_settings_of_an_estimator_are_searched_where_the_user_lists_them():
    forest = {
        "family": "scikit-learn",
        "estimator": "sklearn.ensemble.RandomForestClassifier",
        "settings": {"n_jobs": 1},
    }
    found = Search.of(params({"forest": forest}, spaces={"forest": {"max_depth": [2, 4]}}), "forest")
    assert found.training({"max_depth": 4}).settings == {"n_jobs": 1, "max_depth": 4}
    assert Search.of(params({"forest": forest}), "forest") is None


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        ({"spaces": {"other": {}}}, r"tuning.spaces: must name variants \['linear', 'dense-4'\], got 'other'"),
        ({"spaces": {"dense-4": {"depth": [1]}}}, "tuning: depth: is no setting of the variant dense-4"),
        ({"spaces": {"dense-4": {"dropout": [0.1, 1.5]}}}, r"dropout: .*less than 1, got 1.5 \(variant dense-4\)"),
        ({"space": {"epochs": {"low": 5, "high": 2}}}, "tuning.space.epochs.range: must have low below high, got {"),
        (
            {"space": {"epochs": 5}},
            "tuning.space.epochs: must be a list of choices, or a mapping with low and high, got 5",
        ),
        ({"space": {"learning_rate": {"low": 0.0, "high": 1.0, "log": True}}}, "must have low above 0 with log"),
        ({"space": {"epochs": []}}, "tuning.space.epochs"),
        ({"trials": -1}, "tuning.trials: .*greater than or equal to 0, got -1"),
        ({"trails": 5}, "tuning.trails: is not a known key"),
    ],
)
def test_a_mistake_in_the_search_is_one_line(keys, message):
    with pytest.raises(InputError, match=message) as raised:
        Search.of(params(**keys), "dense-4")
    assert "\n" not in str(raised.value)


def test_a_search_needs_validation_images():
    without = PARAMS | {"normalize": {"scale": 255, "validation_split": 0.0}, "tuning": {"trials": 2}}
    with pytest.raises(InputError, match=r"tuning.trials: must be 0 where normalize.validation_split is 0.*, got 2"):
        Search.of(parse_params(without, "params.yaml"), "dense-4")


def test_a_choice_at_the_edge_of_its_space_is_noticed():
    space = search().space
    drawn = {"learning_rate": 0.001, "batch_size": 64, "epochs": 10, "dropout": 0.2, "l2": 1e-5}
    assert at_edges(space, drawn) == []
    assert at_edges(space, drawn | {"learning_rate": 0.0099, "epochs": 20}) == ["learning_rate", "epochs"]
    assert at_edges(space, drawn | {"dropout": 0.0}) == []  # there is nothing below 0
    assert at_edges({"activation": ["relu", "tanh"]}, {"activation": "relu"}) == []  # names have no order


def trial(number, score, **drawn):
    values = {"learning_rate": 0.001, "batch_size": 64, "epochs": 10, "dropout": 0.2, "l2": 1e-5} | drawn
    return Trial(number=number, drawn=values, epochs=10, updates=10, score=score, loss=1.0, accuracy=0.5, reason="")


def test_the_best_score_is_chosen_the_first_of_several_and_never_a_failed_trial():
    trials = [trial(0, None), trial(1, 0.5), trial(2, 0.9, epochs=5), trial(3, 0.9)]
    assert best(search(), trials).trial.number == 2
    assert best(search(), trials).settings["epochs"] == 5
    loss = search().model_copy(update={"metric": "log_loss"})
    assert best(loss, trials).trial.number == 1
    with pytest.raises(ValueError, match="at least one must have a score"):
        best(search(), [trial(0, None), trial(1, math.nan)])


def test_chosen_settings_replace_those_of_the_variant(tmp_path):
    Tuned("dense-4", tmp_path).write(search(), [trial(0, 0.5, learning_rate=0.007)])
    Tuned("linear", tmp_path).write()
    plain = params()
    tuned = plain.with_chosen(tmp_path)
    assert tuned.training("dense-4").learning_rate == 0.007
    assert tuned.training("linear") == plain.training("linear")
    assert tuned != plain
    (tmp_path / "linear/chosen.json").write_text("{")
    with pytest.raises(InputError, match=r"linear/chosen.json: is damaged; run `dvc repro tune@linear`"):
        plain.with_chosen(tmp_path)


def test_the_expected_best_is_the_mean_over_all_subsets():
    scores = np.array([0.3, 0.9, 0.4, 0.4, 0.7, 0.1])
    for size in range(1, 7):
        subsets = [max(each) for each in itertools.combinations(scores, size)]
        assert expected_best(scores, size) == pytest.approx(np.mean(subsets))
    with pytest.raises(ValueError, match="trials: must be from 1 to 6, got 7"):
        expected_best(scores, 7)


def test_the_expected_best_is_unbiased_where_the_form_with_replacement_is_too_low():
    rng, size = np.random.default_rng(5), 10
    drawn = rng.beta(4, 2, (2000, 30))
    true = beta(4, 2).expect(lambda x: x * size * beta(4, 2).cdf(x) ** (size - 1))
    ours = np.array([expected_best(each, size) for each in drawn])
    assert abs(ours.mean() - true) < 2 * ours.std(ddof=1) / math.sqrt(len(ours))
    ranks = np.arange(31) / 30
    plug_in = np.sort(drawn) @ np.diff(ranks**size)
    assert plug_in.mean() < true - 5 * plug_in.std(ddof=1) / math.sqrt(len(plug_in))


def test_the_interval_of_the_expected_best_contains_it_and_needs_more_trials_than_it_is_of():
    rng = np.random.default_rng(6)
    true = beta(4, 2).expect(lambda x: x * 5 * beta(4, 2).cdf(x) ** 4)
    ends = np.array([interval(rng.beta(4, 2, 30), 5) for _ in range(400)])
    covered = ((ends[:, 0] <= true) & (true <= ends[:, 1])).mean()
    assert covered > 0.9
    assert all(math.isnan(end) for end in interval(np.arange(4.0), 4))
    assert [most_trials(n) for n in (1, 9, 20)] == [1, 3, 6]


def test_programs_take_learning_rate_and_penalty_as_arguments_with_the_same_result():
    own = DenseSettings(hidden=[5], epochs=2, batch_size=8, learning_rate=0.02, l2=0.01)
    shared = Trainer("tiny", own.model_copy(update={"learning_rate": 0.5, "l2": 0.3, "epochs": 9}), 3, labelled())
    alone = Trainer("tiny", own, 3, labelled())
    first = shared.fit(1)
    programs = shared.compilations
    trained = [shared.fit(0, training=own), alone.fit(0)]
    assert shared.compilations == programs
    for left, right in zip(*(model.get_weights() for model in trained), strict=True):
        np.testing.assert_array_equal(left, right)
    assert any((a != b).any() for a, b in zip(first.get_weights(), trained[0].get_weights(), strict=True))


def test_the_l2_penalty_is_that_of_keras():
    settings = DenseSettings(hidden=[], epochs=3, batch_size=60, optimizer="sgd", learning_rate=0.1, l2=0.05)
    data = labelled(60)
    ours = Trainer("tiny", settings, 3, data)
    start = ours.untrained(0)
    layer = keras.layers.Dense(3, "softmax", kernel_regularizer=keras.regularizers.L2(0.05))
    model = keras.Sequential([keras.Input(data.images.shape[1:]), keras.layers.Flatten(), layer])
    model.set_weights(start.get_weights())
    model.compile(keras.optimizers.SGD(0.1), "sparse_categorical_crossentropy")
    model.fit(data.images / np.float32(data.scale), data.labels, batch_size=60, epochs=3, shuffle=False, verbose=0)
    for left, right in zip(ours.fit(0).get_weights(), model.get_weights(), strict=True):
        np.testing.assert_allclose(left, right, atol=1e-6)


def test_the_page_says_what_was_searched_and_what_the_intervals_then_cover():
    trials = [trial(number, 0.5 + number / 100) for number in range(9)]
    searches = {"dense-4": tuning.Searched(search(trials=9), [*trials[:8], trial(8, 0.9, learning_rate=0.0099)])}
    chosen, draw_of, edge = tuning.sentences(searches, params())
    assert chosen.startswith(
        "The settings of each searched variant were chosen by validation accuracy from 9 random tri"
    )
    assert chosen.endswith("trained again with other seeds. Not searched: linear.")
    assert "one search is one draw" in draw_of
    assert edge == (
        "Not tuned, at the edge of its space: learning_rate of dense-4. Values beyond the edge were not tried."
    )
    assert tuning.sentences({}, params()) == []
    rows = {row.variant: row for row in tuning.rows(searches, params())}
    assert (rows["linear"].trials, rows["dense-4"].trials, rows["dense-4"].score) == ("none", "9", "90.00")
    assert rows["dense-4"].updates == "90"
    points = tuning.curves(searches)["dense-4"]
    assert len(points) == 3
    assert points[0][0] == pytest.approx(100 * np.mean([*(0.5 + n / 100 for n in range(8)), 0.9]))
    assert expected_figure({"dense-4": points, "x": points}, "score").axes[0].get_xlabel() == "trials"
    few = {"dense-4": tuning.Searched(search(trials=2), trials[:2])}
    assert tuning.curves(few) == {}
    assert tuning.no_curves(few) == "The curve of the expected score needs at least 9 trials."
    quasi = {"dense-4": tuning.Searched(search(trials=9, sampler="quasi-random"), trials)}
    assert "quasi-random" in tuning.no_curves(quasi)


@pytest.mark.end_to_end
def test_an_experiment_with_trials_tunes_every_variant_and_a_killed_search_goes_on(tmp_path, tmp_path_factory):
    pipeline = finished_pipeline(tmp_path_factory).copy(tmp_path)
    before = (pipeline.folder / "dvc.lock").read_text()
    pipeline.set(tuning={"trials": 3, "seed": 0, "space": {"epochs": [1, 2], "batch_size": [8, 16]}})
    process = pipeline.start("python", "-m", "stages.tune", "dense-4")
    process.wait()  # check has not run: there is no search yet
    pipeline.run("dvc", "repro", "check")
    process = pipeline.start("python", "-m", "stages.tune", "dense-4")
    wait_until(lambda: list(pipeline.folder.glob(".hemline/tuning/*/*.json")) or process.poll() is not None)
    process.kill()
    process.wait()
    printed = pipeline.run("dvc", "repro").stdout
    trials = json.loads(pipeline.read("models/_tuned/dense-4/trials.json"))
    assert [each["number"] for each in trials] == [0, 1, 2]
    assert "dense-4  trial 3/3  validation accuracy" in printed
    chosen = json.loads(pipeline.read("models/_tuned/dense-4/chosen.json"))
    settings = json.loads(pipeline.read("models/dense-4/settings.json"))["training"]
    assert {key: settings[key] for key in chosen} == chosen
    assert not list(pipeline.folder.glob(".hemline/tuning/*"))
    assert not list(pipeline.folder.glob(".hemline/checkpoints/*/"))
    assert "chosen by validation accuracy from 3 random trials" in pipeline.read("reports/index.html")
    experiments = dict(pipeline.query("select name, experiment_id from experiments"))
    runs = pipeline.query(f"select name, status from runs where experiment_id = {experiments['tiny-tuning']}")
    assert sorted(runs) == [(f"{name} trial {n}", "FINISHED") for name in ("dense-4", "linear") for n in range(3)]
    # The same search again gives the same bytes, and without trials everything is as before.
    pipeline.run("dvc", "repro", "--force", "--single-item", "tune@dense-4")
    assert json.loads(pipeline.read("models/_tuned/dense-4/trials.json")) == trials
    pipeline.set(tuning={"trials": 0, "seed": 0})
    pipeline.run("dvc", "repro")
    assert outputs(pipeline.read("dvc.lock"), "train@dense-4") == outputs(before, "train@dense-4")


def outputs(lock, stage):
    return YAML(typ="safe").load(lock)["stages"][stage]["outs"]
