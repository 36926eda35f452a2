"""Images that belong together count as one: the groups that are found, and intervals that hold the truth over them."""

import math

import numpy as np
import pytest
from scipy import stats

from benchmarks.simulated_groups import GroupedImages, coverage, family_wise_error
from hemline.comparison import statistics
from hemline.comparison.by_class import class_mean_scores
from hemline.comparison.crossed import Crossed
from hemline.comparison.groups import _freedom, by_group
from hemline.comparison.promotion import challenge
from hemline.data.duplicates import Duplicates, group_images
from hemline.data.findings import Findings
from hemline.errors import InputError
from hemline.gate.changes import compare_predictions
from hemline.words import counted_images

UNEQUAL = np.array([0, 1, 1, 1, 2, 2, 3, 3, 3, 3, 3, 3, 3, 4])


def answers(seeds, images):
    rng = np.random.default_rng(3)
    return rng.standard_normal(images) + 0.3 * rng.standard_normal((seeds, images)) > -0.5


def test_a_group_of_each_image_changes_nothing():
    correct = answers(3, 50)
    assert Crossed.of(correct, np.arange(50)) == pytest.approx(Crossed.of(correct))


def test_copies_of_every_image_add_no_evidence():
    correct = answers(3, 50)
    copied, groups = np.repeat(correct, 10, axis=1), np.repeat(np.arange(50), 10)
    assert Crossed.of(copied, groups) == pytest.approx(Crossed.of(correct))
    assert Crossed.of(copied).error < 0.7 * Crossed.of(correct).error


def test_the_mean_stays_that_of_the_images_whatever_the_sizes_of_groups():
    correct = answers(4, len(UNEQUAL))
    assert Crossed.of(correct, UNEQUAL).seeds == pytest.approx(Crossed.of(correct).seeds)
    assert statistics.accuracy_interval(correct, groups=UNEQUAL).estimate == pytest.approx(correct.mean())


def test_the_degrees_of_freedom_are_bell_and_mccaffreys():
    # By the traces of the whole matrix, with images of a group wholly alike, somewhat, and not at all.
    sizes = np.unique(UNEQUAL, return_counts=True)[1]
    shares = sizes / sizes.sum()
    for likeness in (0, 0.3, 1):
        own = (1 - likeness) * sizes + likeness * sizes**2
        residual_maker = np.eye(5) - np.outer(shares, np.ones(5))
        matrix = np.diag(1 / (1 - shares)) @ residual_maker @ np.diag(own) @ residual_maker.T
        freedom = np.trace(matrix) ** 2 / np.trace(matrix @ matrix)
        assert _freedom(sizes, likeness) == pytest.approx(freedom)
    assert 1 < by_group(answers(2, len(UNEQUAL)), UNEQUAL).freedom < 4
    assert by_group(answers(2, 20), np.arange(20) // 4).freedom == 4


def test_the_standard_error_is_that_of_drawing_the_groups_anew():
    made = GroupedImages("unequal", 150)
    (correct,), groups = made.sample(np.random.default_rng(5), 1, [1.0])
    members = [np.flatnonzero(groups == group) for group in range(150)]
    rng = np.random.default_rng(6)
    drawn = [np.concatenate([members[each] for each in rng.integers(0, 150, 150)]) for _ in range(1000)]
    bootstrap = np.std([correct[0, images].mean() for images in drawn])
    assert Crossed.of(correct, groups).error == pytest.approx(bootstrap, rel=0.08)
    labels, predicted = np.arange(len(groups)) % 2, np.where(correct, 1, 0) ^ (1 - np.arange(len(groups)) % 2)
    recalls = np.std([np.mean([correct[0, i][labels[i] == c].mean() for c in (0, 1)]) for i in drawn])
    scores = class_mean_scores(labels, predicted, 2, len(groups) / 150, f1=False)
    interval = statistics.figure_interval(0.5, scores, groups=groups)
    assert interval.standard_error == pytest.approx(recalls, rel=0.12)  # four groups are added


@pytest.mark.trials(few=40, many=5000)
@pytest.mark.parametrize("sizes", ["equal", "unequal", "few large"])
@pytest.mark.parametrize("groups", [30, 200])
def test_the_intervals_hold_the_truth_over_other_groups_and_do_not_without_them(sizes, groups, repetitions):
    made, slack = GroupedImages(sizes, groups), 4 * math.sqrt(0.05 * 0.95 / repetitions)
    held = coverage(made, 4, repetitions)
    print(held)
    assert all(0.94 - slack <= share <= 0.965 + slack for share in held)
    assert coverage(made, 4, repetitions, known=False).accuracy < 0.94


@pytest.mark.trials(few=30, many=5000)
@pytest.mark.parametrize("seeds", [1, 4])
def test_an_effect_of_persons_is_not_taken_for_one_of_variants(seeds, repetitions):
    made = GroupedImages("unequal", 30)
    assert family_wise_error(made, seeds, repetitions) <= 0.05 + 4 * math.sqrt(0.05 * 0.95 / repetitions)
    assert family_wise_error(made, seeds, max(repetitions // 10, 20), known=False) > 0.3


def test_gate_and_promotion_count_groups_too():
    better, worse = np.ones(400, bool), np.repeat([False, True], [40, 360])
    groups = np.arange(400) // 40
    assert challenge(better, worse).verdict == "better"
    assert challenge(better, worse, groups).verdict == "no difference shown"
    p_values = [
        compare_predictions("dense", {0: worse, 1: worse}, {0: better, 1: better}, each).difference.p_value
        for each in (None, groups)
    ]
    assert p_values[0] < 0.001
    assert p_values[1] > 0.05


@pytest.mark.parametrize(
    ("groups", "line"),
    [
        (np.zeros(20, int), "groups: must be at least two, got one: of a single object, nothing is known of others"),
        (np.arange(3), "groups: must be one for each of 20 images, got (3,)"),
    ],
)
def test_groups_of_which_nothing_can_be_said_are_one_line(groups, line):
    with pytest.raises(InputError) as refusal:
        statistics.accuracy_interval(answers(2, 20), groups=groups)
    assert str(refusal.value) == line


def test_the_same_pixels_are_one_group_and_bring_their_objects_together():
    images = np.array([5, 6, 5, 7, 8, 6])[:, None, None]
    assert group_images(images, None).tolist() == [0, 1, 0, 2, 3, 1]
    # The first and the third have the same pixels, and are of two objects, which are then one.
    assert group_images(images[:5], np.array([9, 9, 3, 3, 4])).tolist() == [1, 1, 1, 1, 0]
    assert group_images(images[:2], None) is group_images(images[:2], np.array([4, 2])) is None


def test_groups_are_handed_on_where_there_are_some(tmp_path):
    none = Duplicates(*np.zeros((2, 3), np.bool_))
    findings = Findings(tmp_path / "findings")
    findings.write([], none, {"test": np.array([0, 0, 1], np.int32), "validation": None})
    assert findings.groups(3).tolist() == [0, 0, 1]
    assert findings.groups(2, "validation") is None
    with pytest.raises(InputError, match=r"test-groups.npy: must be integers \(4,\), got int32 \(3,\); run `dvc"):
        findings.groups(4)
    findings.write([], none)
    assert findings.groups(3) is None


def test_images_are_counted_by_their_groups():
    assert counted_images(2000, 200) == "200 groups (2,000 test images)"
    assert counted_images(1, 0) == "1 test image"


def test_of_one_training_on_few_images_the_accuracy_has_wilsons_interval():
    correct = np.arange(60)[None] < 54
    interval = statistics.accuracy_interval(correct)
    # 59 images, because a variance is divided by one less; t(0.975, 59) = 2.00, not 1.96.
    t, n, p = 2.000995, 59, 0.9
    half = t / (1 + t**2 / n) * math.sqrt(p * (1 - p) / n + t**2 / (4 * n**2))
    middle = (p + t**2 / (2 * n)) / (1 + t**2 / n)
    assert (interval.low, interval.high) == pytest.approx((middle - half, middle + half), abs=1e-6)


@pytest.mark.parametrize("images", [50, 100])
@pytest.mark.parametrize("share", [0.8, 0.9, 0.95])
def test_that_interval_holds_the_truth_where_a_t_interval_is_too_short(images, share):
    # Exactly: over every number of right images, by its probability.
    chances = stats.binom.pmf(np.arange(images + 1), images, share)
    ends = [statistics.accuracy_interval(np.arange(images)[None] < right) for right in range(images + 1)]
    held = sum(chance for chance, each in zip(chances, ends, strict=True) if each.low <= share <= each.high)
    assert 0.93 <= held <= 0.985
