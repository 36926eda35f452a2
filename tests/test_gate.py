"""When the gate fails, and what it says: on predictions that are made up, and from real DVC and git."""

import subprocess
from pathlib import Path

import numpy as np
import pytest
from pipelines_for_tests import Pipeline, finished_pipeline

from commands.gate import margin_of
from hemline.__main__ import main as hemline
from hemline.data.normalized import Labelled
from hemline.data.pixels import Pixels
from hemline.errors import InputError
from hemline.gate.changes import Change, Difference, compare_predictions, judge, pairs
from hemline.gate.outcome import Outcome, _changes
from hemline.gate.page import render, verdict_of
from hemline.gate.results import Results, same_test_set

RNG = np.random.default_rng(5)


def trainings(accuracy, seeds, images=2000):
    """Trainings that are right about so many images, each about others by a little."""
    rng = np.random.default_rng(int(1000 * accuracy))
    difficulty = np.random.default_rng(1).random(images)
    return {seed: difficulty + rng.normal(0, 0.05, images) < accuracy for seed in seeds}


def change(estimate, low, high, p_value, variant="wide"):
    difference = Difference(estimate, low, high, p_value, covers_seeds=True)
    return Change(variant, "compared", 0.9, 0.9 + estimate, 4, difference=difference)


def plain(text):
    return text.replace("\N{MINUS SIGN}", "-")


def outcome(*changes, margin=None):
    return Outcome("main", "0123456789abcdef", judge(changes, margin), margin, "linear", 10_000, 0)


def test_trainings_of_the_same_seed_are_paired_and_the_others_in_their_order():
    found = pairs([0, 1, 2, 3], [3, 9, 8])
    assert [(pair.old, pair.new, pair.same_seed) for pair in found] == [(3, 0, True), (0, 1, False), (1, 2, False)]


def test_pairs_of_the_same_seed_are_surer_than_pairs_of_two():
    rng = np.random.default_rng(2)
    ability = rng.normal(0.7, 0.03, 4)
    difficulty = rng.random(2000)
    old = {seed: difficulty < ability[seed] for seed in range(4)}
    new = {seed: difficulty < ability[seed] - 0.01 for seed in range(4)}
    same = compare_predictions("wide", old, new)
    shuffled = compare_predictions("wide", old, dict(zip((4, 5, 6, 7), reversed(new.values()), strict=True)))
    assert (same.other_seeds, shuffled.other_seeds) == (0, 4)
    assert same.difference.estimate == pytest.approx(shuffled.difference.estimate)
    assert same.difference.high < 0 < shuffled.difference.high


def test_a_difference_is_what_it_is_now_minus_what_it_was():
    found = compare_predictions("wide", trainings(0.9, range(4)), trainings(0.8, range(4)))
    assert found.old == pytest.approx(0.9, abs=0.02)
    assert found.difference.estimate == pytest.approx(found.new - found.old)
    assert found.difference.high < 0
    assert found.trainings == 4


def test_without_a_margin_what_is_shown_to_be_worse_fails_and_nothing_else():
    worse, unclear, better = judge(
        [change(-0.02, -0.03, -0.01, 0.001), change(-0.02, -0.05, 0.01, 0.2), change(0.02, 0.01, 0.03, 0.001)], None
    )
    assert (worse.words, worse.fails) == ("worse", True)
    assert (unclear.words, unclear.fails) == ("no difference shown", False)
    assert (better.words, better.fails) == ("better", False)


@pytest.mark.parametrize(
    ("difference", "words", "fails"),
    [
        ((-0.002, -0.004, -0.001, 0.001), "worse, within the margin", False),
        ((0.0, -0.004, 0.004, 1.0), "no difference shown", False),
        ((0.0, -0.006, 0.006, 1.0), "not shown to be within the margin", True),
        ((-0.004, -0.006, -0.002, 0.001), "not shown to be within the margin", True),
        ((-0.009, -0.012, -0.006, 0.001), "worse by more than the margin", True),
        ((0.01, -0.004, 0.024, 0.2), "no difference shown", False),
        ((0.02, 0.01, 0.03, 0.001), "better", False),
    ],
)
def test_with_a_margin_a_variant_passes_only_if_a_loss_as_large_is_ruled_out(difference, words, fails):
    (judged,) = judge([change(*difference)], 0.005)
    assert (judged.words, judged.fails) == (words, fails)


def test_an_interval_as_wide_as_half_of_what_is_possible_tells_nothing():
    (judged,) = judge([change(0.0, -0.6, 0.6, 1.0)], None)
    assert judged.words == "too few to tell"
    assert "[too few to tell]" in render(outcome(change(0.0, -0.6, 0.6, 1.0)))


def results(images, scale, labels=(0, 1, 1), pixels=None):
    raw = np.asarray(images, np.float32) / np.float32(scale)
    return Results({}, {}, Labelled(raw, np.array(labels)), scale, pixels or Pixels())


def test_a_test_set_is_the_same_however_its_pixels_were_scaled():
    images = RNG.integers(0, 256, (3, 4, 5))
    assert same_test_set(results(images, 255), results(images, 1))
    other = images.copy()
    other[2, 3, 4] ^= 1
    assert not same_test_set(results(images, 255), results(other, 255))
    assert not same_test_set(results(images, 255), results(images, 255, labels=(0, 1, 0)))
    assert not same_test_set(results(images, 255), results(images[:, :3], 255))
    assert not same_test_set(results(images, 255), results(images, 255, pixels=Pixels(highest=300, type="uint16")))
    with pytest.raises(
        InputError, match=r"^main: must have the test images and labels that the workspace has, but has"
    ):
        _changes("main", results(images, 255), results(other, 255))


def test_the_sentence_names_who_failed_and_by_how_much():
    failed = outcome(change(-0.02, -0.03, -0.01, 0.001), change(0.01, 0.005, 0.015, 0.001, "deep"))
    assert plain(verdict_of(failed)) == "Failed: worse than at main: wide by 2.00 [1.00, 3.00] percentage points."
    within = outcome(change(-0.002, -0.004, -0.001, 0.001), margin=0.01)
    assert verdict_of(within) == "Passed: every variant is shown to lose less than 1 percentage point against main."
    unsure = outcome(change(-0.002, -0.0141, 0.01, 0.7), margin=0.005)
    assert verdict_of(unsure).startswith("Failed: not shown to lose less than 0.5 percentage points against main: wide")
    assert "With a margin of 1.42 points, wide would pass" in render(unsure)
    same = outcome(Change("wide", "unchanged", 0.9, 0.9, 4), Change("new", "new", new=0.8))
    assert verdict_of(same) == "Passed: no variant of main was trained again."


def test_the_table_has_every_variant_and_says_how_it_was_made():
    changes = [
        Change("linear", "unchanged", 0.84, 0.84, 4),
        change(-0.02, -0.03, -0.01, 0.0001),
        Change("fresh", "new", new=0.88),
        Change("gone", "removed", old=0.87),
    ]
    lines = [" ".join(line.split()) for line in plain(render(outcome(*changes))).splitlines()]
    assert "| linear (baseline) | 84.00 | 84.00 | | | 4 | unchanged: the same models |" in lines
    assert "| wide | 90.00 | 88.00 | -2.00 [-3.00, -1.00] | < 0.001 | 4 | **worse** |" in lines
    assert "| fresh | | 88.00 | | | | new |" in lines
    assert "| gone | 87.00 | | | | | removed |" in lines
    assert any("commit 0123456. Paired by test image and by seed, on 10,000 test images" in line for line in lines)


@pytest.mark.parametrize("text", ["0", "-1", "100", "nan", "half", "1e3", ""])
def test_a_margin_that_is_none_is_one_line(text):
    with pytest.raises(InputError, match=r"margin: must be percentage points, above 0 and below 100 .*got"):
        margin_of(text)


@pytest.mark.parametrize("arguments", [[], [""], ["main", "--margin", "x"], ["main", "--nope"]])
def test_bad_usage_is_one_line_and_another_exit_status_than_a_failure(arguments, monkeypatch, capsys):
    with pytest.raises(SystemExit) as ended:
        hemline(["gate", *arguments])
    assert ended.value.code == 2
    error = capsys.readouterr().err
    assert error.startswith("error: ")
    assert len(error.splitlines()) == 1


LEARNING = {"linear": {"hidden": []}, "dense-4": {"hidden": [4]}, "dense-8": {"hidden": [8]}}


@pytest.fixture(scope="module")
def changed(tmp_path_factory):
    """A repository whose main learns well; here dense-4 has hardly learnt, dense-8 is gone and dense-6 new."""
    pipeline = finished_pipeline(tmp_path_factory).copy(tmp_path_factory.mktemp("gate"))
    pipeline.set(epochs=20, seeds=[0, 1, 2, 3], variants=LEARNING)
    pipeline.run("dvc", "repro")
    pipeline.commit("Learns well")
    pipeline.run("git", "switch", "--quiet", "--create", "change")
    worse = {"hidden": [4], "learning_rate": 1e-6, "epochs": 1}
    pipeline.set(variants={"linear": {"hidden": []}, "dense-4": worse, "dense-6": {"hidden": [6]}})
    pipeline.run("dvc", "repro")
    pipeline.commit("Learns badly")
    return pipeline


def gate(pipeline, *arguments):
    return pipeline.run("python", "-m", "hemline", "gate", *arguments, check=False)


def cells(text):
    rows = [line.strip("|").split("|") for line in text.splitlines() if line.startswith("| ")]
    return {row[0].strip(): [cell.strip() for cell in row[1:]] for row in rows}


@pytest.mark.slow
def test_a_variant_that_got_worse_fails_and_the_table_is_for_the_pull_request(changed):
    done = gate(changed, "main")
    assert done.returncode == 1, done.stderr
    assert plain(done.stdout).startswith("**Failed: worse than at main: dense-4 by ")
    rows = cells(done.stdout)
    assert rows["dense-4"][-1] == "**worse**"
    assert rows["linear (baseline)"][-1] == "unchanged: the same models"
    assert (rows["dense-6"][-1], rows["dense-8"][-1]) == ("new", "removed")
    assert "Paired by test image and by seed, on 30 test images" in done.stdout
    assert changed.read("reports/gate.md") == done.stdout
    assert not changed.run("git", "status", "--porcelain").stdout


@pytest.mark.slow
def test_what_has_not_changed_passes_without_any_statistics(changed):
    done = gate(changed, "HEAD", "--margin", "0.1")
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("**Passed: no variant of HEAD was trained again.**")


@pytest.mark.slow
@pytest.mark.trials(few=0, many=1)
def test_what_one_line_says_of_lost_predictions_brings_them_back(changed, tmp_path):
    copy = changed.copy(tmp_path)
    copy.run("dvc", "gc", "--workspace", "--force")
    done = gate(copy, "main")
    assert done.returncode == 2
    commit = copy.run("git", "rev-parse", "main").stdout[:7]
    (line,) = done.stderr.splitlines()
    assert line.startswith("error: main: its predictions cannot be read (")
    assert f"in a clone that shares this cache: `git clone . ../base`, there `git switch --detach {commit}`" in line
    copy.run("git", "clone", "--quiet", ".", "../base")
    base = Pipeline(tmp_path / "base")
    base.run("git", "switch", "--quiet", "--detach", commit)
    base.run("dvc", "cache", "dir", "--local", str(copy.folder / ".dvc/cache"))
    base.run("dvc", "repro")
    assert not base.run("git", "status", "--porcelain").stdout
    assert "Paired by test image" in gate(copy, "main").stdout


@pytest.mark.slow
def test_what_cannot_be_compared_is_one_line_and_exit_status_2(changed, tmp_path):
    copy = changed.copy(tmp_path)
    copy.set(epochs=2)
    stale = gate(copy, "main")
    assert (stale.returncode, len(stale.stderr.splitlines())) == (2, 1)
    assert "these stages have changed: check, train@linear" in stale.stderr
    copy.run("git", "checkout", "params.yaml")
    unknown = gate(copy, "nobody")
    assert (unknown.returncode, len(unknown.stderr.splitlines())) == (2, 1)
    assert "must be a branch, a tag, a commit or an experiment, got 'nobody'" in unknown.stderr
    first = copy.run("git", "rev-list", "--max-parents=0", "HEAD").stdout.strip()
    without = gate(copy, first)
    assert (without.returncode, len(without.stderr.splitlines())) == (2, 1)
    assert without.stderr.startswith(f"error: {first}: its predictions cannot be read (")
    shown = f"in a clone that shares this cache: `git clone . ../base`, there `git switch --detach {first[:7]}`"
    assert shown in without.stderr


def test_the_workflow_s_gate_is_the_command_of_the_makefile():
    root = Path(__file__).parent.parent
    makefile = subprocess.run(
        ["make", "--dry-run", "gate", "BASE=HEAD^1", "MARGIN=0.5", "READY=pyproject.toml"],
        cwd=root,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert 'hemline gate "HEAD^1" --margin "0.5"' in makefile
    assert "make gate BASE=HEAD^1" in (root / ".github/workflows/ci.yml").read_text()


def test_what_passed_does_not_rule_out_is_told_and_which_trainings_are_left_out():
    change = compare_predictions("dense", {0: RIGHT, 1: RIGHT}, dict.fromkeys(range(3), RIGHT))
    assert (change.trainings, change.left_out) == (2, 1)
    told = render(outcome(change))
    assert f"**This does not rule out a loss of up to {-100 * change.difference.low:.2f} points (dense).**" in told
    assert "only pairs are compared: dense (2). So their accuracies here differ from those of the report" in told
    assert "does not rule out" not in render(outcome(change, margin=0.5))


RIGHT = np.arange(50) > 4


def test_single_trainings_of_different_seeds_are_refused():
    images = Labelled(np.zeros((50, 2, 2), np.float32), np.zeros(50, int))
    one, other = (
        Results({"dense": {seed: f"{seed}"}}, {"dense": {seed: RIGHT}}, images, 1, Pixels()) for seed in (3, 4)
    )
    with pytest.raises(InputError, match=r"^main: dense: has one training, of seed 3, and here one of seed 4: another"):
        _changes("main", one, other)
    assert _changes("main", one, one)[0].kind == "unchanged"
