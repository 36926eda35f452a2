#!/usr/bin/env bash
# Guess: a fitted linear model's coef_, saved by safetensors.numpy and loaded, is the same array; an array that the
# format cannot hold is refused, as safetensors.torch does.
# What happens: the memory of the array is written as it lies there, under the shape of the array. scikit-learn leaves
# coef_ column by column in memory (logistic regression, LinearSVC, RidgeClassifier) or row by row (SGDClassifier,
# linear discriminant analysis), depending on the solver. Of the former, shape, type and sum are right after loading,
# and every weight stands elsewhere: the accuracy falls from 1.00 to 0.10. Nothing is said. The same goes for any `.T`.
# Versions: safetensors 0.8.0, numpy 2.4.6, scikit-learn 1.9.1.
# Why it matters: weights are transposed wherever a model passes from one library to another (coef_ has a row per
# class, a dense layer's kernel a column). The docstring asks for contiguous arrays, and for NumPy this order is
# contiguous, too.
# Guard: none needed: Hemline writes no safetensors: a model is a .keras file, or skops, which keeps the order
# (hemline/families/scikit_learn.py), and what is served is what was evaluated.
set -euo pipefail
source "$(dirname "$0")/lib/fresh.sh"
fresh safetensors==0.8.0 numpy==2.4.6 scikit-learn==1.9.1 scipy==1.17.1
python -W error - <<'END'
import numpy as np
from safetensors.numpy import load_file, save_file
from sklearn.datasets import load_digits
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.linear_model import LogisticRegression, RidgeClassifier, SGDClassifier
from sklearn.svm import LinearSVC

images, labels = load_digits(return_X_y=True)


def round_trip(array):
    save_file({"kernel": array}, "model.safetensors")
    return load_file("model.safetensors")["kernel"]


found = {}
for model in (
    LogisticRegression(max_iter=1000),
    LinearSVC(random_state=0, dual=False),
    RidgeClassifier(),
    SGDClassifier(random_state=0),
    LinearDiscriminantAnalysis(),
):
    name, saved = type(model).__name__, model.fit(images, labels).coef_
    before, loaded = model.score(images, labels), round_trip(saved)
    assert loaded.shape == saved.shape and loaded.dtype == saved.dtype and np.isclose(loaded.sum(), saved.sum())
    model.coef_ = loaded
    found[name] = (saved.flags.c_contiguous, np.array_equal(saved, loaded), before, model.score(images, labels))
    print(f"{name:26} rows in memory: {found[name][0]!s:5}  equal after loading: {found[name][1]!s:5}"
          f"  accuracy {before:.2f} -> {found[name][3]:.2f}")
for name in ("LogisticRegression", "LinearSVC", "RidgeClassifier"):
    in_rows, equal, before, after = found[name]
    assert not in_rows and not equal, "changed: the array is copied, or refused"
    assert before > 0.9 and after < 0.3
for name in ("SGDClassifier", "LinearDiscriminantAnalysis"):
    assert found[name][:2] == (True, True)
kernel = np.arange(6, dtype=np.float32).reshape(2, 3)
print("saved: ", kernel.T.tolist(), "\nloaded:", round_trip(kernel.T).tolist())
assert round_trip(kernel.T).tolist() == [[0, 1], [2, 3], [4, 5]], "changed"
assert np.array_equal(round_trip(np.ascontiguousarray(kernel.T)), kernel.T)
END
