"""Every variant's settings are searched at the same budget, chosen by validation images, and trained again."""

import itertools
import json
import math
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
from pipelines_for_tests import PARAMS, REPOSITORY, finished_pipeline, wait_until
from ruamel.yaml import YAML
from scipy.stats import beta
from test_streaming import labelled

from commands import tuned
from commands.sizes import with_variants
from hemline.comparison.crossed import Crossed
from hemline.comparison.searches import by_search
from hemline.comparison.statistics import compare, table
from hemline.errors import InputError
from hemline.families.dense import DenseSettings
from hemline.params import INPUTS, parse_params
from hemline.report import tuning
from hemline.report.expected_plot import expected_figure
from hemline.report.settings import settings_table
from hemline.training.tensorflow import keras
from hemline.training.trainer import Trainer
from hemline.tuning import sampling
from hemline.tuning.budget import Size, planned
from hemline.tuning.expected import expected_best, interval, most_trials
from hemline.tuning.halving import rungs, survivors
from hemline.tuning.inputs import stage_inputs
from hemline.tuning.search import Search, at_edges
from hemline.tuning.tuned import Trial, Tuned, best, choices


def params(variants=None, **tuning_keys):
    values = PARAMS | {"tuning": {"trials": 5} | tuning_keys}
    return parse_params(values | {"variants": PARAMS["variants"] | (variants or {})}, "params.yaml")


def search(variant="dense-4", **tuning_keys):
    return Search.of(params(**tuning_keys), variant)


def draw(found, repeat=0):
    return list(itertools.islice(sampling.draw(found, repeat), found.trials))


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
        ({"repeats": 0}, "tuning.repeats: .*greater than or equal to 1, got 0"),
        ({"budget": "hours"}, "tuning.budget: .*'trials', 'updates' or 'seconds', got 'hours'"),
        ({"budget": "seconds", "halving": True}, "tuning.halving: must be false with tuning.budget: seconds"),
    ],
)
def test_a_mistake_in_the_search_is_one_line(keys, message):
    with pytest.raises(InputError, match=message) as raised:
        Search.of(params(**keys), "dense-4")
    assert "\n" not in str(raised.value)


def test_repeated_searches_draw_independently_and_the_first_is_the_one_without_repeats():
    repeated = planned(search(repeats=3), SIZE)
    assert [len(each) for each in repeated] == [5, 5, 5]
    assert repeated[0] == planned(search(), SIZE)[0]
    assert len({json.dumps(each) for trials in repeated for each in trials}) == 15


SIZE = Size(images=640, pixels=784, classes=10)


def test_a_budget_of_updates_gives_each_variant_as_many_as_trainings_of_the_costliest_take():
    # linear: 2 epochs of 10 steps; dense-4: 4 epochs of 20 steps, the costliest.
    keys = {"linear": {"hidden": [], "epochs": 2, "batch_size": 64}, "dense-4": {"hidden": [4], "batch_size": 32}}
    values = params(keys | {"dense-4": keys["dense-4"] | {"epochs": 4}}, trials=6, budget="updates")
    for variant in ("linear", "dense-4"):
        found = Search.of(values, variant)
        (trials,) = planned(found, SIZE)
        updates = [each["epochs"] * -(-640 // each["batch_size"]) for each in trials]
        assert sum(updates) <= 6 * 80
        beyond = list(itertools.islice(sampling.draw(found), len(trials) + 1))
        assert beyond[:-1] == trials
        assert sum(updates) + beyond[-1]["epochs"] * -(-640 // beyond[-1]["batch_size"]) > 6 * 80


def test_a_budget_of_seconds_gives_a_small_network_more_trials_than_a_large_one():
    space = {"epochs": [5], "batch_size": [32]}
    variants = {"dense-4": {"hidden": [2048, 2048]}}
    values = params(variants, trials=4, budget="seconds", space=space)
    counts = {name: len(planned(Search.of(values, name), SIZE)[0]) for name in ("linear", "dense-4")}
    assert counts["linear"] > 10 * counts["dense-4"] >= 10
    by_trials = params(variants, trials=4, space=space)
    assert [len(planned(Search.of(by_trials, name), SIZE)[0]) for name in ("linear", "dense-4")] == [4, 4]


def test_halving_compares_trials_after_a_ninth_and_a_third_of_their_epochs():
    assert [rungs(epochs, halving=True) for epochs in (5, 10, 20, 1)] == [[1, 2, 5], [1, 3, 10], [2, 7, 20], [1, 1, 1]]
    assert rungs(20, halving=False) == [20]
    assert survivors({0: 0.1, 1: 0.9, 2: 0.5, 3: 0.9, 4: 0.2, 5: 0.3, 7: 0.0}) == [1, 2, 3]
    assert survivors({4: 0.5, 2: 0.5}) == [2]  # of equals the first; one always goes on


def test_trials_that_halving_ended_are_not_chosen():
    ended = trial(0, 0.95).model_copy(update={"complete": False})
    assert best(search(), [ended, trial(1, 0.9)]).trial.number == 1


def test_each_search_chooses_for_its_own_trainings(tmp_path):
    repeated = params(repeats=2)
    own = Search.of(repeated, "dense-4")
    trials = [trial(0, 0.5, learning_rate=0.001), trial(1, 0.4, learning_rate=0.002)]
    trials += [each.model_copy(update={"number": each.number + 2, "repeat": 1}) for each in trials]
    trials[3] = trials[3].model_copy(update={"score": 0.8})
    assert [choice.trial.number for choice in choices(own, trials)] == [0, 3]
    Tuned("dense-4", tmp_path).write(own, trials)
    Tuned("linear", tmp_path).write()
    tuned = repeated.with_chosen(tmp_path)
    assert tuned.seeds == [0, 1]
    assert tuned.seeds_of("dense-4") == tuned.seeds_of("linear") == [0, 1, 2, 3]
    rates = [tuned.training("dense-4", seed).learning_rate for seed in tuned.seeds_of("dense-4")]
    assert rates == [0.001, 0.001, 0.002, 0.002]
    assert len({tuned.training("linear", seed).model_dump_json() for seed in range(4)}) == 1
    runs = pd.DataFrame({"variant": ["dense-4", "dense-4", "linear"], "epochs": [2, 3, 5]})
    shown = dict(settings_table(tuned, runs).rows)
    assert shown["dense-4"]["learning_rate"] == "0.001 / 0.002"
    assert (shown["dense-4"]["trained"], shown["linear"]["trained"]) == ("2 to 3", "5")
    assert shown["linear"]["learning_rate"] == "0.01"


def test_a_variant_that_is_not_searched_has_as_many_trainings_and_its_stage_knows_their_seeds():
    forest = {"family": "scikit-learn", "estimator": "sklearn.ensemble.RandomForestClassifier"}
    repeated, once = params({"forest": forest}, repeats=2), params({"forest": forest})
    assert repeated.seeds_of("forest") == [0, 1, 2, 3]
    written = {name: stage_inputs(each)[INPUTS / "forest.json"] for name, each in (("2", repeated), ("1", once))}
    assert json.loads(written["2"]) == json.loads(written["1"]) | {"seeds": [0, 1, 2, 3]}
    # Where nothing is searched, a search is not repeated either.
    alone = parse_params(
        PARAMS | {"variants": {"forest": forest}, "baseline": "forest", "tuning": {"trials": 3, "repeats": 2}}, "p"
    )
    assert (alone.searches, alone.seeds_of("forest")) == (1, [0, 1])


def test_a_variant_whose_models_no_seed_changes_has_one_training_for_each_search(tmp_path):
    neighbours = {"family": "scikit-learn", "estimator": "sklearn.neighbors.KNeighborsClassifier"}
    repeated = params({"near": neighbours}, repeats=2, spaces={"near": {"n_neighbors": [1, 3, 5, 7]}})
    own = Search.of(repeated, "near")
    trials = [trial(number, 0.5).model_copy(update={"drawn": {"n_neighbors": 1 + 2 * number}}) for number in range(2)]
    trials[1] = trials[1].model_copy(update={"repeat": 1})
    Tuned("near", tmp_path).write(own, trials)
    for name in ("linear", "dense-4"):
        Tuned(name, tmp_path).write()
    tuned = repeated.with_chosen(tmp_path)
    assert tuned.seeds_of("near") == [0, 2]
    assert [tuned.training("near", seed).settings["n_neighbors"] for seed in (0, 2)] == [1, 3]


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


def test_the_expected_best_is_unbiased_and_the_form_with_replacement_too_low_by_as_much_as_theory_says():
    size, most, repetitions = 30, 10, 10_000
    law = beta(4, 2)
    drawn = np.random.default_rng(5).beta(4, 2, (repetitions, size))
    # The expected order statistics of a sample, by which the form of Dodge et al. (2019) has a known mean.
    ordered = [
        law.expect(lambda x, rank=rank: x * beta(rank, size + 1 - rank).pdf(law.cdf(x))) for rank in range(1, 31)
    ]
    for trials in (1, 2, 5, most):
        true = law.expect(lambda x, trials=trials: x * trials * law.cdf(x) ** (trials - 1))
        ours = np.array([expected_best(each, trials) for each in drawn])
        assert abs(ours.mean() - true) < 2 * ours.std(ddof=1) / math.sqrt(repetitions)
        weights = np.diff((np.arange(size + 1) / size) ** trials)
        plug_in = np.sort(drawn) @ weights
        error = plug_in.std(ddof=1) / math.sqrt(repetitions)
        # E[X of rank r] with the density of the r-th of 30 uniform numbers at F(x).
        assert abs(plug_in.mean() - np.dot(ordered, weights)) < 2.5 * error
        if trials > 1:
            assert plug_in.mean() < true - 5 * error


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
    assert "another search may choose other settings" in draw_of
    assert edge.startswith("Not tuned, at the edge of the search space: learning_rate of dense-4. Values beyond")
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


def test_both_experiments_of_make_tuned_differ_in_the_trials_only():
    given = params(trials=7, halving=True, spaces={"linear": {"activation": ["relu"]}})
    declared = tuned.experiments(with_variants(given, "dense-4"), 5)
    assert list(declared) == ["untuned-tiny", "tuned-tiny"]
    before, after = declared.values()
    assert before["tuning"] == after["tuning"] | {"trials": 0}
    assert after["tuning"] == {"trials": 5, "halving": True, "spaces": {"linear": {"activation": ["relu"]}}}
    # A space of a variant that is left out goes with it.
    other = params({"wide": {"hidden": [9]}}, spaces={"dense-4": {"activation": ["relu"]}})
    assert tuned.experiments(with_variants(other, "wide"), 5)["tuned-tiny"]["tuning"]["spaces"] == {}
    with pytest.raises(InputError, match="VARIANTS: must be one or more besides the baseline"):
        tuned.experiments(with_variants(given, "linear"), 5)
    with pytest.raises(InputError, match="TRIALS: must be 1 or more, got 0"):
        tuned.experiments(given, 0)


def searches_of(**scores):
    keys = {"trials": 9, "sampler": "random"}
    return {
        name.replace("_", "-"): tuning.Searched(search(**keys), [trial(n, score) for n, score in enumerate(values)])
        for name, values in scores.items()
    }


def test_the_page_says_from_how_many_trials_on_a_search_is_expected_to_be_above_the_baseline():
    spread = np.linspace(0.7, 0.9, 9)
    alone = tuning.trials_until_ahead(searches_of(dense_4=spread), "linear", {"linear": 0.75, "dense-4": 0.9})
    words = "The whole interval of the expected validation accuracy is above that of linear"
    # The mean of one trial, 0.8, has the interval 0.75 and a little less; that of the better of two is above.
    assert alone == [f"{words}: dense-4 from 2 trials on."]
    above = tuning.trials_until_ahead(searches_of(dense_4=spread), "linear", {"linear": 0.95})
    assert above == [f"{words}: dense-4 not with up to 3 trials."]
    both = searches_of(linear=spread - 0.3, dense_4=spread)
    assert tuning.trials_until_ahead(both, "linear", {}) == [f"{words}: dense-4 from 1 trial on."]
    both["linear"] = tuning.Searched(search(trials=2), both["linear"].trials[:2])
    assert tuning.trials_until_ahead(both, "linear", {}) == []
    losses = {
        name: each._replace(search=each.search.model_copy(update={"metric": "log_loss"}))
        for name, each in searches_of(dense_4=spread).items()
    }
    assert tuning.trials_until_ahead(losses, "linear", {"linear": 0.95}) == [
        "The whole interval of the expected validation log loss is below that of linear: dense-4 from 1 trial on."
    ]


def families_with_a_false_verdict(repetitions, *, by_searches):
    """Return the share of comparisons of one network under three names in which a difference is "shown"."""
    rng, searches, seeds, images = np.random.default_rng(7), 4, 4, 100
    wrong = 0
    for _ in range(repetitions):
        hardness = rng.normal(0, 0.3, images)
        scores = {}
        for name in ("baseline", "a", "b"):
            of_search = np.repeat(rng.normal(0, 0.02, searches), seeds)
            rows = of_search + rng.normal(0, 0.01, searches * seeds)
            own = 0.5 + rows[:, None] + hardness + rng.normal(0, 0.05, (searches * seeds, images))
            scores[name] = by_search(own, searches if by_searches else 1)
        # The deciding test takes long and is stricter than the t test: where that is far from 5 %, so is the verdict.
        if any(Crossed.of(scores[name] - scores["baseline"]).t_p() < 0.1 for name in ("a", "b")):
            wrong += any(row.verdict in ("better", "worse") for row in table(scores, "baseline"))
    return wrong / repetitions


def test_one_network_under_three_names_each_searched_several_times_is_rarely_called_better():
    repetitions = 200
    bound = 0.05 + 2 * math.sqrt(0.05 * 0.95 / repetitions)
    assert families_with_a_false_verdict(repetitions, by_searches=True) <= bound
    # As if each training had a search of its own: the variance of the search is divided by too many.
    assert families_with_a_false_verdict(40, by_searches=False) > 2 * bound


def test_names_that_never_differ_have_an_interval_for_what_is_not_seen_with_searches_as_without():
    right = np.ones((4, 40), bool)
    without = compare(right, right)
    searched = compare(by_search(right, 2), by_search(right, 2), shares=True)
    assert (searched.low, searched.high) == (without.low, without.high)
    assert searched.high > 0.05


def test_a_search_with_one_training_is_a_row_as_it_is_and_shares_are_means_of_right_answers():
    right = np.array([[True, False], [True, True], [False, False], [False, True]])
    np.testing.assert_array_equal(by_search(right, 2), [[1.0, 0.5], [0.0, 0.5]])
    assert by_search(right, 1) is right
    assert by_search(right[:2], 2).dtype == bool


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


@pytest.mark.end_to_end
def test_repeated_searches_with_halving_train_each_choice_and_widen_the_interval_by_the_search(
    tmp_path, tmp_path_factory
):
    pipeline = finished_pipeline(tmp_path_factory).copy(tmp_path)
    space = {"epochs": [4, 9], "batch_size": [8, 16], "dropout": [0.0], "l2": [0.0]}
    tuning_keys = {"trials": 4, "seed": 0, "repeats": 2, "halving": True, "space": space}
    pipeline.set(tuning=tuning_keys)
    printed = pipeline.run("dvc", "repro").stdout
    assert "dense-4  trial 8/8 of rung 1  validation accuracy" in printed
    assert "dense-4  trial 4/4 of rung 2  validation accuracy" in printed
    assert "dense-4  trial 2/2  validation accuracy" in printed
    trials = json.loads(pipeline.read("models/_tuned/dense-4/trials.json"))
    assert [(each["repeat"], each["number"]) for each in trials] == [(n // 4, n) for n in range(8)]
    assert sorted(each["repeat"] for each in trials if each["complete"]) == [0, 1]
    assert {each["reason"] for each in trials if not each["complete"]} <= {
        f"halving, after {epochs} of {all_epochs} epochs" for epochs, all_epochs in [(1, 4), (1, 9), (3, 9)]
    }
    # Each choice is trained with as many seeds as params.yaml has, and its runs in MLflow say what it is.
    chosen = json.loads(pipeline.read("models/_tuned/dense-4/chosen.json"))
    by_seed = json.loads(pipeline.read("models/dense-4/settings-by-seed.json"))
    rates = [by_seed[str(seed)]["training"]["learning_rate"] for seed in range(4)]
    assert rates == [chosen[0]["learning_rate"]] * 2 + [chosen[1]["learning_rate"]] * 2
    logged = dict(
        pipeline.query(
            "select s.value, rate.value from params s "
            "join params rate on s.run_uuid = rate.run_uuid and rate.key = 'learning_rate' "
            "join params v on s.run_uuid = v.run_uuid and v.key = 'variant' and v.value = 'dense-4' "
            "join runs on runs.run_uuid = s.run_uuid where s.key = 'seed' order by runs.start_time"
        )
    )
    assert [float(logged[str(seed)]) for seed in range(4)] == rates
    searches = pipeline.query("select value, count(*) from params where key = 'search' group by value")
    assert dict(searches) == {"1 of 2": 8, "2 of 2": 8}  # two variants, four trials each
    page = pipeline.read("reports/index.html")
    assert "Each of these variants was searched 2 times, and each choice was trained with 2 seeds, or once" in page
    assert "settings, with 2 seeds each, and" in page
    assert "With 2 searches of settings, only large differences can be shown" in pipeline.read("reports/summary.md")
    assert "Halving stopped trials before their last epoch, so there is no curve" in page
    # The top level of what varies is the search: a pair of them has one degree of freedom, four seeds would have three.
    pairs = pipeline.read("reports/evaluation/pairs.csv").splitlines()
    assert dict(zip(pairs[0].split(","), pairs[1].split(","), strict=True))["seeds"] == "2"
    # A store that is deleted is filled again with what each seed was trained with.
    for path in pipeline.folder.glob("mlflow.db*"):
        path.unlink()
    pipeline.run("hemline", "sync")
    filled = pipeline.query(
        "select s.value, rate.value from params s join params rate on s.run_uuid = rate.run_uuid "
        "join params v on s.run_uuid = v.run_uuid and v.key = 'variant' and v.value = 'dense-4' "
        "where s.key = 'seed' and rate.key = 'learning_rate'"
    )
    assert [float(dict(filled)[str(seed)]) for seed in range(4)] == rates
    # A trial that resumes after each rung is one that trained in one go.
    before = pipeline.read("models/_tuned/dense-4/trials.json")
    pipeline.run("dvc", "repro", "--force", "--single-item", "tune@dense-4")
    assert pipeline.read("models/_tuned/dense-4/trials.json") == before
    whole = {each["number"]: each for each in trials if each["complete"]}
    pipeline.set(tuning=tuning_keys | {"halving": False})
    pipeline.run("dvc", "repro", "tune@dense-4")
    for each in json.loads(pipeline.read("models/_tuned/dense-4/trials.json")):
        if each["number"] in whole:
            assert each == whole[each["number"]]
    assert not list(pipeline.folder.glob(".hemline/tuning/*"))
    assert not list(pipeline.folder.glob(".hemline/checkpoints/*/"))


def outputs(lock, stage):
    return YAML(typ="safe").load(lock)["stages"][stage]["outs"]
