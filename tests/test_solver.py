"""Logistic regression solved to convergence: what is found, how near the best it is, and what odd data gives."""

import os
import subprocess
import sys
from concurrent.futures import CancelledError
from pathlib import Path

import numpy as np
import pytest
from scipy.special import log_softmax
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression

from hemline.data.normalized import Labelled
from hemline.errors import InputError
from hemline.solver import path as solver
from hemline.solver.path import solve_path

REPOSITORY = Path(__file__).parent.parent
TIGHT = 1e-9
NOTHING = Labelled(np.zeros((0, 8, 8), np.uint8), np.zeros(0, np.uint8))
DIGEST = """
import hashlib, stages, numpy as np
from hemline.data.normalized import Labelled
from hemline.solver.path import solve_path
chance = np.random.default_rng(0)
labels = chance.integers(0, 5, 1500)
images = (chance.integers(0, 150, (1500, 20, 20)) + 20 * labels[:, None, None]).astype(np.uint8)
path = solve_path(Labelled(images, labels), Labelled(images[:300], labels[:300]), 5, [0.01, 1], 255)
arrays = [array for solution in path.solutions for array in (solution.weights, solution.intercepts)]
print(hashlib.sha256(b"".join(array.tobytes() for array in arrays)).hexdigest())
"""


@pytest.fixture(scope="module")
def digits():
    images, labels = load_digits(return_X_y=True)
    images = images.reshape(-1, 8, 8).astype(np.uint8)
    return Labelled(images[:1200], labels[:1200]), Labelled(images[1200:], labels[1200:])


def objective(images, labels, weights, intercepts, strength):
    """As scikit-learn defines it, in float64 throughout."""
    logs = log_softmax(images.reshape(len(images), -1) @ weights + intercepts, axis=1)
    return -strength * logs[np.arange(len(labels)), labels].sum() + (weights**2).sum() / 2


def solved(train, strength, n_classes=10, scale=16, **further):
    return solve_path(train, NOTHING, n_classes, [strength], scale, **further).chosen


def reference(train, strength, scale=16):
    model = LogisticRegression(C=strength, tol=1e-10, max_iter=10_000)
    model.fit(train.images.reshape(len(train.images), -1) / scale, train.labels)
    return model


@pytest.mark.parametrize("strength", [0.01, 1])
def test_the_objective_is_that_of_scikit_learn_and_the_gap_is_within_its_bound(digits, strength):
    train, _ = digits
    found, model = solved(train, strength, tolerance=TIGHT), reference(train, strength)
    images = train.images / 16
    ours = objective(images, train.labels, found.weights, found.intercepts, strength)
    best = objective(images, train.labels, model.coef_.T, model.intercept_, strength)
    assert ours == pytest.approx(best, rel=1e-8)
    assert found.objective * strength * len(images) == pytest.approx(ours, rel=1e-6)
    rough = solved(train, strength, tolerance=1e-2)
    gap = (objective(images, train.labels, rough.weights, rough.intercepts, strength) - best) / strength / len(images)
    assert 0 < gap <= rough.gap_bound < 100 * gap


def test_two_classes_are_those_of_scikit_learn_at_twice_the_strength(digits):
    two = digits[0].labels < 2
    train = Labelled(digits[0].images[two], digits[0].labels[two])
    found, model = solved(train, 0.5, n_classes=2, tolerance=TIGHT), reference(train, 1)
    np.testing.assert_allclose(found.weights[:, 1] - found.weights[:, 0], model.coef_[0], atol=1e-5)


def test_weights_follow_a_change_of_strength_that_hardly_changes_the_gradient(digits):
    first, second = solve_path(*digits, 10, [1e3, 1e4], 16).solutions
    assert np.linalg.norm(second.weights) > 1.1 * np.linalg.norm(first.weights)


def test_the_strength_is_that_of_the_lowest_validation_loss_and_an_end_of_the_path_is_told(digits):
    losses = {solution.strength: solution.validation_loss for solution in solve_path(*digits, 10, scale=16).solutions}
    best = min(losses, key=losses.get)
    inside, outside = (
        solve_path(*digits, 10, [best / 30, best, best * 30], 16),
        solve_path(*digits, 10, [100, 1000], 16),
    )
    assert (inside.chosen.strength, inside.edge) == (best, None)
    assert (outside.chosen.strength, outside.edge) == (100, "strongest")


def test_strengths_are_tried_beyond_the_largest_while_it_is_the_best_so_that_the_scale_of_pixels_does_not_matter(
    digits,
):
    dark = solve_path(*digits, 10, scale=256)
    assert dark.edge is None
    strengths = [solution.strength for solution in dark.solutions]
    assert strengths[5:8] == [1, 3, 9]
    assert strengths[-1] == 3 * dark.chosen.strength
    usual = solve_path(*digits, 10, scale=16).chosen
    assert dark.chosen.validation_loss == pytest.approx(usual.validation_loss, rel=0.02)
    ended = solve_path(*digits, 10, scale=256, largest=3)
    assert (ended.solutions[-1].strength, ended.edge) == (3, "weakest")


def test_of_equal_validation_losses_the_stronger_penalty_is_taken(digits, monkeypatch):
    monkeypatch.setattr(solver, "tested", lambda *_: (0.5, 0.5))
    assert solve_path(*digits, 10, [1, 0.01, 0.1], 16).chosen.strength == 0.01


def test_without_validation_images_only_the_middle_strength_is_solved(digits):
    path = solve_path(digits[0], NOTHING, 10, [0.1, 0.01, 1], 16)
    assert [solution.strength for solution in path.solutions] == [0.1]
    assert (path.edge, path.chosen.validation_loss) == (None, None)


def test_a_class_without_images_is_left_out_and_gets_no_probability(digits):
    found, path = solved(digits[0], 1), solve_path(digits[0], NOTHING, 12, [1], 16)
    kernel, bias = path.chosen.keras_weights()
    assert path.absent == [10, 11]
    np.testing.assert_array_equal(kernel[:, :10], found.keras_weights()[0])
    scores = digits[1].images.reshape(-1, 64) / 16 @ kernel + bias
    assert (np.exp(log_softmax(scores.astype(np.float32), axis=1))[:, 10:] == 0).all()
    with pytest.raises(InputError, match="at least two classes, got 1"):
        solve_path(Labelled(digits[0].images, np.full(1200, 3)), NOTHING, 10)


def test_separable_classes_are_told_and_solved():
    labels = np.arange(40) % 2
    train = Labelled(np.repeat(labels * 255, 16).reshape(40, 4, 4).astype(np.uint8), labels)
    path = solve_path(train, train, 2, [1, 1e6], 255)
    assert path.separable
    assert all(np.isfinite(solution.weights).all() for solution in path.solutions)
    assert [solution.accuracy for solution in path.solutions] == [1, 1]


def test_constant_and_repeated_pixels_and_any_type_and_scale_are_fine(digits):
    train = digits[0]
    wide = np.concatenate([train.images, train.images, np.full_like(train.images, 7)], axis=2)
    assert solved(Labelled(wide, train.labels), 0.5).objective < solved(train, 0.5).objective
    raw, scaled = solved(train, 0.5), solved(Labelled(train.images.astype(np.float32) / 16, train.labels), 0.5, scale=1)
    np.testing.assert_array_equal(raw.weights, scaled.weights)


@pytest.mark.parametrize(
    "limits",
    [{"_MOST_PIXELS": 16, "_COORDINATES": 5}, {"_LARGEST_DENSE": 5}, {"_LARGEST_DENSE": 5, "_LARGEST_BLOCKS": 100}],
)
def test_many_pixels_or_classes_have_a_simpler_preconditioner_and_the_same_solution(digits, monkeypatch, limits):
    expected = solved(digits[0], 10, tolerance=1e-6)
    for name, value in limits.items():
        monkeypatch.setattr(f"hemline.solver.preconditioner.{name}", value)
    found = solved(digits[0], 10, tolerance=1e-6)
    assert found.passes > expected.passes
    np.testing.assert_allclose(found.weights, expected.weights, atol=0.1)


def test_a_path_that_is_interrupted_goes_on_with_equal_bits(digits):
    def check():
        if finished:
            raise CancelledError

    whole = solve_path(*digits, 10, [0.1, 1], 16)
    finished = []
    with pytest.raises(CancelledError):
        solve_path(*digits, 10, [0.1, 1], 16, on_strength=finished.append, check=check)
    rest = solve_path(*digits, 10, [0.1, 1], 16, finished=finished)
    assert rest.chosen.strength == whole.chosen.strength
    for ours, theirs in zip(rest.solutions, whole.solutions, strict=True):
        np.testing.assert_array_equal(ours.weights, theirs.weights)


def test_bits_depend_on_no_number_of_cores_and_no_setting_of_the_users():
    def digest(*prefix, **environment):
        command = [*prefix, sys.executable, "-c", DIGEST]
        clean = {"PATH": os.environ["PATH"]} | environment
        done = subprocess.run(
            command, cwd=REPOSITORY, env=clean, capture_output=True, text=True, check=True, timeout=300
        )
        return done.stdout

    one_core = digest("taskset", "-c", str(min(os.sched_getaffinity(0))))
    assert one_core == digest() == digest(OPENBLAS_CORETYPE="SkylakeX", OPENBLAS_NUM_THREADS="2")
