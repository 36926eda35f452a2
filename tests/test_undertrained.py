"""A gain over a linear model that is trained too little is no gain: its share is reported."""

import json

import numpy as np
import pandas as pd
import pytest
from sets_for_tests import write_sets
from sklearn.linear_model import LogisticRegression
from test_evaluated import CLASSES, HISTORY, LABELS
from test_verdict import verdict

from hemline.comparison.evaluation import Evaluation
from hemline.comparison.metrics import ACCURACY, find_metric
from hemline.data.normalized import Labelled, Normalized
from hemline.jobs.solved import Solved
from hemline.params import SOLVE, parse_params
from hemline.report.undertrained import sentences
from stages import solve

KINDS = {"solved": "solved", "linear": "trained"}
TABLE = pd.DataFrame(
    {
        "variant": ["solved", "linear", "a", "b", "c"],
        "accuracy": [0.84, 0.80, 0.90, 0.82, 0.79],
        "gain": [np.nan, -0.04, 0.06, -0.02, -0.05],
        "gain_low": [np.nan, -0.05, 0.05, -0.03, -0.06],
        "gain_high": [np.nan, -0.03, 0.07, -0.01, -0.04],
        "verdict": ["baseline", "worse", "better", "worse", "worse"],
    }
)
TOLD = (
    "The solved linear model has a test accuracy of 84.00 %; linear, the same model trained for some epochs, has "
    "80.00 %: 4.00 percentage points less (95 % interval 3.00 to 5.00). Of the gains over linear, this explains 40 % "
    "of the +10.00 of a, all of the +2.00 of b."
)


def test_of_each_gain_over_a_trained_linear_model_it_is_told_how_much_is_its_training():
    assert sentences(TABLE, "solved", KINDS, ACCURACY) == [TOLD]
    undecided = TABLE.assign(verdict=["baseline", "no difference shown", "better", "worse", "worse"])
    assert sentences(undecided, "solved", KINDS, ACCURACY) == []
    # The same with the roles exchanged: gains are over the trained one, and the solved one is no variant.
    over = {f"over_solved{end}": TABLE[f"gain{end}"] for end in ("", "_low", "_high")}
    exchanged = TABLE.assign(**over, over_solved_verdict=TABLE["verdict"], gain=np.nan, gain_low=np.nan)[1:]
    assert sentences(exchanged, "linear", {"linear": "trained"}, ACCURACY) == [TOLD]


def test_the_share_that_is_training_is_reported_in_the_deciding_metric():
    losses = TABLE.assign(loss=[0.36, 0.40, 0.30, 0.38, 0.41])
    (told,) = sentences(losses, "solved", KINDS, find_metric("log_loss"))
    assert told == (
        "The solved linear model has a test log loss of 0.3600; linear, the same model trained for some epochs, has "
        "0.4000: 0.0400 nats more (95 % interval 0.0300 to 0.0500). Of the gains over linear, this explains 40 % of "
        "the +0.1000 of a, all of the +0.0200 of b."
    )


def predictions(known):
    """Return the answers of two trainings, right about the first so many of sixty images."""
    labels = np.tile(LABELS, 10)
    right = np.where(np.arange(60) < known, labels, (labels + 1) % 3)
    sure = 0.7 * np.eye(len(CLASSES), dtype=np.float32)[right] + np.float32(0.1)
    return np.stack([sure, sure])


@pytest.mark.parametrize("solved", ["", "logistic"])
def test_a_verdict_that_does_not_survive_the_solved_baseline_holds_only_so_far(solved):
    labels = np.tile(LABELS, 10)
    taken = Evaluation("linear", CLASSES, labels, labels)
    for variant, known in {"linear": 20, "small": 45, "large": 59, "logistic": 43}.items():
        taken.add(variant, HISTORY.assign(val_loss=0.6), predictions(known), {0: "a" * 64, 1: "b" * 64}, 9)
    assert not taken.comparison()["so_far"].any()
    taken.add_solved(predictions(43)[:1], solved)
    table = taken.comparison().set_index("variant")
    assert (table["verdict"].drop("linear") == "better").all()
    assert table["so_far"].to_dict() == {"linear": False, "small": True, "large": False, "logistic": not solved}
    assert table.loc["small", "over_solved"] == pytest.approx(2 / 60)
    assert table.loc["linear", "over_solved_verdict"] == "worse"


def test_the_answer_says_over_what_no_gain_is_shown():
    told = verdict(
        "better", "better", over_solved=["no difference shown", "better", "no difference shown"], so_far=("dense-1",)
    )
    assert told.answer.startswith("Yes, so far: all 2 variants beat")
    assert told.answer.endswith("; but no gain of dense-1 is shown over the solved form of the same linear model.")
    itself = verdict("better", "better", over_solved=["no difference shown", "better", None])
    assert "solved" not in itself.answer


def params(**variants):
    values = {"dataset": "tiny", "seeds": [0], "baseline": "first", "variants": variants}
    return parse_params(values, "params.yaml")


def test_a_model_is_solved_beside_a_trained_linear_baseline_only_where_no_variant_is_solved():
    linear, solved, deep = {"hidden": []}, {"family": "logistic"}, {"hidden": [4]}
    assert params(first=linear, deep=deep).solved_beside()
    assert not params(first=linear, other=solved).solved_beside()
    assert not params(first=solved, other=linear).solved_beside()
    assert not params(first=deep, other=linear).solved_beside()


@pytest.mark.parametrize("needed", [True, False])
def test_the_stage_writes_the_answers_of_the_solution_or_that_there_was_nothing_to_solve(tmp_path, monkeypatch, needed):
    monkeypatch.chdir(tmp_path)
    rng = np.random.default_rng(0)
    sets = {}
    for name, count in {"train": 120, "validation": 30, "test": 30}.items():
        labels = np.arange(count, dtype=np.uint8) % 3
        pixels = rng.integers(0, 60, (count, 4, 4)) + 20 * labels[:, None, None]
        sets[name] = Labelled((pixels / 255).astype(np.float32), labels)
    write_sets(sets, ["a", "b", "c"], 255)
    SOLVE.parent.mkdir()
    SOLVE.write_text(json.dumps(needed))
    solve.main()
    assert Solved().path.is_dir()
    if not needed:
        assert [path.name for path in Solved().path.iterdir()] == ["solved.json"]
        return
    found = Solved().probabilities()
    assert (found.shape, found.dtype) == ((1, 30, 3), np.float32)
    flat = {name: Normalized().images(name).reshape(-1, 16) / 255 for name in sets}
    model = LogisticRegression(C=1e4, max_iter=5000).fit(flat["train"], sets["train"].labels)
    agree = (found[0].argmax(axis=1) == model.predict(flat["test"])).mean()
    assert agree > 0.9
