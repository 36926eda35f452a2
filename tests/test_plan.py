"""What a change of parameters would run, before it runs, held against what DVC then does."""

import re
from collections import Counter

import pytest

from hemline.errors import one_line_errors
from hemline.experiments.plan import plan
from hemline.processes.durations import noted_seconds, timed

PARAMS = {"dataset": "tiny", "epochs": 1, "baseline": "linear", "variants": {"linear": {}, "wide": {"hidden": [9]}}}


def stage(params, deps=(), outs=()):
    recorded = {"params": {"params.yaml": params}, "deps": [{"path": path, "md5": "old"} for path in deps]}
    return recorded | {"outs": [{"path": path, "md5": "old"} for path in outs]}


def training(variant):
    params = {"epochs": 1, f"variants.{variant}": PARAMS["variants"][variant]}
    return stage(params, ["data/normalized", f"models/_tuned/{variant}"], [f"models/{variant}"])


def searching(variant):
    return stage({}, [f".inputs/_tune-{variant}.json", "data/normalized"], [f"models/_tuned/{variant}"])


LOCK = {
    "known": stage({"dataset": "tiny"}, outs=[".known"]),
    "check": stage({}, [".known", "data/tiny.yaml"], [".checked"]),
    "download": stage({}, [".checked", "data/tiny.yaml"], ["data/raw"]),
    "normalize": stage({"dataset": "tiny"}, ["data/raw"], ["data/normalized"]),
    "tune@linear": searching("linear"),
    "tune@wide": searching("wide"),
    "train@linear": training("linear"),
    "train@wide": training("wide"),
    "solve": stage({}, ["data/normalized"], ["models/_solved"]),
    "evaluate": stage({"baseline": "linear"}, ["models"], ["reports/evaluation"]),
    "report": stage({}, ["reports/evaluation"], ["reports/index.html"]),
}


@pytest.mark.parametrize(
    ("changes", "stages"),
    [
        ({}, []),
        ({"baseline": "wide"}, ["evaluate", "report"]),
        ({"epochs": 2}, ["train@linear", "train@wide", "evaluate", "report"]),
        ({"variants": {"linear": {}, "wide": {"hidden": [8]}}}, ["train@wide", "evaluate", "report"]),
        ({"variants": PARAMS["variants"] | {"new": {}}}, ["tune@new", "train@new", "evaluate", "report"]),
        ({"dataset": "other"}, list(LOCK)),
    ],
)
def test_a_change_runs_the_stages_that_read_it_and_those_after_them(changes, stages):
    assert [each.stage for each in plan(LOCK, PARAMS | changes, {})] == stages


def test_a_search_that_changes_runs_again_and_so_does_the_training_after_it():
    planned = plan(LOCK, PARAMS, {}, rewritten={".inputs/_tune-wide.json": None})
    assert [each.stage for each in planned] == ["tune@wide", "train@wide", "evaluate", "report"]


class Cache:
    """A run-cache that knows one result of each stage with this parameter: its outputs have the digest `new`."""

    def __init__(self, **known):
        self.known = known

    def outputs(self, entry):
        params, digests = entry["params"]["params.yaml"], [dep["md5"] for dep in entry["deps"]]
        if self.known.items() <= params.items() or "new" in digests:
            return {out["path"]: "new" for out in entry["outs"]}
        return None

    def folder_digest(self, _folder, outputs):
        return "new" if "new" in outputs.values() else "old"


def test_results_that_the_run_cache_has_are_restored_and_so_are_those_of_the_stages_after_them():
    planned = plan(LOCK, PARAMS | {"epochs": 2}, {}, cache=Cache(epochs=2))
    assert {each.stage: each.restored for each in planned} == dict.fromkeys(
        ["train@linear", "train@wide", "evaluate", "report"], True
    )
    assert not any(each.restored for each in plan(LOCK, PARAMS | {"epochs": 3}, {}, cache=Cache(epochs=2)))


def test_a_stage_whose_code_has_changed_is_not_restored():
    status = {"train@wide": [{"changed deps": {"hemline/training": "modified"}}]}
    planned = plan(LOCK, PARAMS | {"epochs": 2}, status, cache=Cache(epochs=2))
    assert {each.stage: each.restored for each in planned} == {
        "train@linear": True,
        "train@wide": False,
        "evaluate": False,
        "report": False,
    }


def test_code_that_has_changed_is_told_beside_parameters():
    status = {"evaluate": [{"changed deps": {"hemline/comparison": "modified", "params.yaml": {"seeds": "modified"}}}]}
    (first, second) = plan(LOCK, PARAMS, status)
    assert first == ("evaluate", "hemline/comparison has changed", False)
    assert second == ("report", "reports/evaluation would change", False)


def test_only_a_stage_that_dvc_runs_to_its_end_notes_its_seconds(tmp_path, monkeypatch):
    monkeypatch.setenv("DVC_ROOT", str(tmp_path))
    with one_line_errors(), timed():
        pass
    monkeypatch.setenv("DVC_STAGE", "train@wide")
    with pytest.raises(SystemExit), one_line_errors(), timed():
        raise KeyboardInterrupt
    assert noted_seconds("train@wide") is None
    with one_line_errors(), timed():
        pass
    assert noted_seconds("train@wide") > 0


@pytest.mark.end_to_end
def test_half_of_dvc_lock_is_a_line_or_a_plan_and_no_defect(pipeline):
    whole = pipeline.read("dvc.lock")
    evaluate = whole.index("\n  evaluate:")
    cuts = {0: "incomplete", whole.index("\n") + 1: "evaluate", evaluate - 9: "incomplete"}
    cuts[whole.index("\n", whole.index("cmd:", evaluate)) + 1] = "evaluate"  # DVC reads these beginnings of an entry
    for cut, told in cuts.items():
        (pipeline.folder / "dvc.lock").write_text(whole[:cut])
        done = pipeline.run("python", "-m", "hemline", "plan-run", check=False)
        assert "Traceback" not in done.stderr
        assert (done.returncode == 1) == (told == "incomplete")
        assert told in done.stdout + done.stderr


@pytest.mark.slow
@pytest.mark.parametrize(
    "change",
    ["variants.dense-4.epochs=2", pytest.param("normalize.scale=100", marks=pytest.mark.trials(few=0, many=1))],
)
def test_dvc_runs_what_was_planned(pipeline, change):
    told = pipeline.run("python", "-m", "hemline", "plan-run", change).stdout
    rows = [line.split() for line in told.partition("\n\n")[0].splitlines()[2:]]
    assert all(float(seconds) > 0 for _, seconds, *_ in rows)
    ran = pipeline.run("python", "-m", "hemline", "experiment", change).stdout
    assert Counter(re.findall(r"Running stage '(.*)'", ran)) == Counter(stage for stage, *_ in rows)
    there = pipeline.run("python", "-m", "hemline", "plan-run").stdout
    assert there == "Nothing would run.\n"
    back = "normalize.scale=255" if change.startswith("normalize") else "~variants.dense-4.epochs"
    told = pipeline.run("python", "-m", "hemline", "plan-run", back).stdout
    assert "? " not in told
    rows = [line for line in told.partition("\n\n")[0].splitlines()[2:] if not line.startswith("check")]
    assert {"restored from the run-cache" in line for line in rows} == {True}
    ran = pipeline.run("python", "-m", "hemline", "experiment", back).stdout
    assert not re.findall(r"Running stage '(?!known|check)(.*)'", ran)
