"""The table of experiments: what each changed and what came of it, in 80 columns."""

import csv
import io
import json

import pytest
from rich.console import Console

from hemline.comparison.metrics import find_metric
from hemline.experiments.files import as_csv, as_json
from hemline.experiments.listed import changes, listed
from hemline.experiments.table import table

PARAMS = {"epochs": 5, "learning_rate": 0.001, "variants": {"linear": {"hidden": []}, "wide": {"hidden": [9]}}}


def state(rev, name=None, params=PARAMS, *, error=None, gain=0.03, when="2026-03-04T05:06:07", **validation):
    figures = {
        "linear": {"accuracy": 0.84},
        "narrow": {"accuracy": 0.85, "gain": 0.01, "gain_low": 0.0, "gain_high": 0.02},
        "wide": {"accuracy": 0.87, "gain": gain, "gain_low": gain - 0.01, "gain_high": gain + 0.01},
    }
    for variant, value in validation.items():
        figures[variant] |= value
    data = {
        "timestamp": when,
        "params": {"params.yaml": {"data": params}, "versions.yaml": {"data": {"keras": "3.15"}}},
        "metrics": {"reports/metrics.json": {"data": figures}},
    }
    data = None if error else data
    return {"rev": rev, "name": name, "data": data, "error": error, "experiments": None}


def experiment(shown, executor=None):
    return {"revs": [shown], "executor": {"state": executor} if executor else None, "name": None}


def commit(name, *experiments):
    return state("0123456789abcdef", name) | {"experiments": list(experiments) or None}


def printed(shown, *, everywhere=False, width=80):
    console = Console(file=io.StringIO(), width=width, highlight=False)
    console.print(table(listed(shown, everywhere=everywhere)))
    return console.file.getvalue()


def test_what_changed_is_told_as_it_is_typed():
    new = {"epochs": 20, "learning_rate": 0.001, "variants": {"wide": {"hidden": [64]}, "deep": {"hidden": [9, 9]}}}
    assert list(changes(PARAMS, new)) == [
        "epochs=20",
        "variants.linear removed",
        "variants.wide.hidden=[64]",
        "variants.deep added",
    ]
    assert list(changes({"a": {"b": 1}}, {"a": None})) == ["a=null"]
    assert list(changes({"a": 1}, {"a": {"b": "x\x1b[31m"}})) == ['a.b="x\\u001b[31m"']


def test_an_experiment_shows_its_name_what_it_changed_its_largest_gain_and_when():
    slow = state("1" * 40, "slow-one", PARAMS | {"epochs": 20}, gain=0.0384)
    out = printed([state("workspace", when=None), commit("main", experiment(slow))]).replace("\N{MINUS SIGN}", "-")
    (line,) = [line for line in out.splitlines() if "slow-one" in line]
    assert line.split() == ["slow-one", "epochs=20", "wide", "04", "Mar", "05:06"]
    assert "+3.84 [+2.84, +4.84]" in out
    assert "narrow" not in out


def test_a_change_of_one_variant_shows_what_came_of_that_one_however_large_the_gain_of_another_is():
    own = PARAMS["variants"] | {"narrow": {"hidden": [3]}}
    base = PARAMS | {"variants": own}
    narrow = state("1" * 40, "narrower", base | {"variants": own | {"narrow": {"hidden": [2]}}})
    rows = listed(
        [state("workspace", params=base), state("2" * 40, "main", base) | {"experiments": [experiment(narrow)]}],
        everywhere=False,
    )
    assert rows[2].changed == ["variants.narrow.hidden=[2]"]
    assert [each.variant for each in rows[2].gains] == ["narrow"]
    assert [each.variant for each in rows[1].gains] == ["wide"]


def test_an_interval_that_says_nothing_is_not_shown():
    shown = state("1" * 40, "main")
    shown["data"]["metrics"]["reports/metrics.json"]["data"]["wide"] |= {"gain_low": -1.0, "gain_high": 0.97}
    out = " ".join(printed([state("workspace"), shown]).split())
    assert "+3.00 [too few to tell]" in out
    assert "100.00" not in out


def test_gains_over_another_baseline_or_of_another_data_set_stand_in_tables_of_their_own():
    base = PARAMS | {"dataset": "tiny", "baseline": "linear"}
    others = [
        state("1" * 40, "over", base | {"baseline": "wide"}),
        state("2" * 40, "digits", base | {"dataset": "mnist"}),
    ]
    out = printed(
        [state("w", params=base), state("3" * 40, "main", base) | {"experiments": [*map(experiment, others)]}]
    )
    titles = [line.strip() for line in out.splitlines() if "gains over" in line]
    assert titles == ["tiny, gains over linear", "tiny, gains over wide", "mnist, gains over linear"]


@pytest.mark.parametrize(("metric", "order"), [("accuracy", ["good", "poor"]), ("log_loss", ["poor", "good"])])
def test_validation_orders_the_experiments_and_chooses_the_variant_whose_gain_is_shown(metric, order):
    params = PARAMS | {"dataset": "tiny", "baseline": "linear", "metric": metric}
    key = f"val_{find_metric(metric).key}"
    known = {"poor": (0.1, 0.2), "good": (0.6, 0.5)}  # on the test images, it is the other way round
    shown = [
        state(
            *(str(place) * 40, name, params | {"epochs": place + 9}),
            **{each: {key: value} for each, value in zip(("narrow", "wide"), values, strict=True)},
            gain=0.5 / (1 + place),
        )
        for place, (name, values) in enumerate(known.items())
    ]
    former = experiment(state("8" * 40, "former", params | {"epochs": 99}, gain=0.9))
    later = experiment(state("9" * 40, "later", params | {"epochs": 98}, gain=0.9), "queued")
    main = state("7" * 40, "main", params) | {"experiments": [former, later, *map(experiment, shown)]}
    rows = listed([state("workspace", params=params), main], everywhere=False)
    assert [row.name for row in rows[2:]] == [*order, "former", "later"]
    best = {"accuracy": {"good": "narrow", "poor": "wide"}, "log_loss": {"good": "wide", "poor": "narrow"}}[metric]
    assert {row.name: row.gains[0].variant for row in rows[2:4]} == best
    assert rows[4].gains[0].variant == "wide"  # by the gain, where nothing else is known
    written = {each["name"]: each["gains"] for each in json.loads(as_json(rows))}
    assert written["later"] == []
    assert written["good"][0]["validation"] == (0.6 if metric == "accuracy" else 0.5)
    out = printed([state("workspace", params=params), main])
    assert ("narrow 60.00" if metric == "accuracy" else "wide 0.5000") in out


def test_programs_get_fractions_and_every_change():
    slow = state("1" * 40, "slow-one", PARAMS | {"epochs": 20}, gain=0.0384)
    rows = listed([state("workspace"), commit("main", experiment(slow))], everywhere=False)
    read = json.loads(as_json(rows))[2]
    assert (read["name"], read["changed"], read["gains"][0]["gain"]) == ("slow-one", ["epochs=20"], 0.0384)
    line = list(csv.DictReader(io.StringIO(as_csv(rows))))[2]
    assert (line["variant"], line["gain"], line["created"]) == ("wide", "0.0384", "2026-03-04T05:06:07")


def test_no_line_is_longer_than_80_whatever_the_names_are():
    params = PARAMS | {"variants": {"a-variant-with-a-name-as-long-as-it-may-be-" + 20 * "x": {"hidden": [1] * 30}}}
    long = state("1" * 40, "an-experiment-with-a-long-name-that-somebody-thought-of", params)
    out = printed([state("workspace"), commit("main", experiment(long))])
    assert max(len(line) for line in out.splitlines()) <= 80
    joined = "".join(out.split())
    assert "\N{HORIZONTAL ELLIPSIS}" not in out
    assert "04Mar05:06" in joined


def test_what_is_left_out_is_said():
    out = " ".join(printed([state("workspace"), commit("main")]).split())
    # Four parameters, one version, and nine figures.
    assert "Not shown: the rest of the 14 parameters and metrics. `dvc exp show` has a column for each." in out
    assert "gains are of the test images, which must not choose" in out


@pytest.mark.parametrize("waiting", ["queued", "running"])
def test_what_has_no_results_yet_says_so_and_shows_none_of_its_commit(waiting):
    out = printed([state("workspace"), commit("main", experiment(state("1" * 40, "later", gain=0.5), waiting))])
    assert waiting in out
    assert "+50.00" not in out


def test_of_all_commits_those_with_experiments_and_the_present_one_are_shown():
    shown = [state("workspace"), commit("main"), commit("empty"), commit("old", experiment(state("1" * 40, "found")))]
    assert [row.name for row in listed(shown, everywhere=True)] == ["workspace", "main", "old", "found"]


@pytest.mark.end_to_end
def test_the_experiments_of_dvc_are_listed(pipeline):
    pipeline.environment["COLUMNS"] = "80"
    none = pipeline.run("python", "-m", "hemline", "experiments").stdout
    assert "No experiments yet" in none
    pipeline.set(batch_size=8)
    pipeline.run("dvc", "exp", "save", "--name", "smaller-batches")
    pipeline.run("git", "checkout", "params.yaml")
    pipeline.run("dvc", "exp", "run", "--queue", "--name", "later", "-S", "epochs=3")
    out = pipeline.run("python", "-m", "hemline", "experiments").stdout
    assert "No experiments yet" not in out
    lines = {line.split()[0]: line.split() for line in out.splitlines() if line.strip()}
    assert lines["smaller-batches"][1:3] == ["batch_size=8", "dense-4"]
    assert lines["later"][1:3] == ["epochs=3", "queued"]
    assert max(len(line) for line in out.splitlines()) <= 80
    # After another commit they are those of an earlier one.
    pipeline.commit("Another")
    assert "smaller-batches" not in pipeline.run("python", "-m", "hemline", "experiments").stdout
    assert "smaller-batches" in pipeline.run("python", "-m", "hemline", "experiments", "--all").stdout
