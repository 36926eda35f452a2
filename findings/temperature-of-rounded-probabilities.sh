#!/usr/bin/env bash
# Guess: CalibratedClassifierCV(method="temperature") takes logarithms of a classifier's predict_proba. Rounding the
# probabilities to four digits, as half-precision networks and stored tables do, changes the temperature slightly.
# What happens: whether an array holds probabilities is decided by its values: all rows must sum to 1 within 1e-5. With
# four digits they do not, so the probabilities themselves are taken as logits. A calibrated classifier, whose
# temperature is 1, gets 0.27, and its calibrated probabilities are worse than the plain ones. The decision is made
# again for each call, so that the probabilities of one sample depend on the other samples of the call.
# Versions: scikit-learn 1.9.1, NumPy 2.4.6.
# Why it matters: no warning is given, and answers do not change, so accuracy does not notice. It affects every
# classifier without decision_function.
# Guard: temperatures are fitted to logarithms of probabilities whatever these sum to (hemline/comparison/calibration.py).
set -euo pipefail
source "$(dirname "$0")/lib/fresh.sh"
fresh scikit-learn==1.9.1 numpy==2.4.6 scipy==1.17.1
python - <<'END'
import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.calibration import CalibratedClassifierCV
from sklearn.frozen import FrozenEstimator

generator = np.random.default_rng(0)
logits = generator.normal(size=(20_000, 4)) * 1.5
true = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
labels = (true.cumsum(axis=1) > generator.random((20_000, 1))).argmax(axis=1)


class Rounded(ClassifierMixin, BaseEstimator):
    """Knows the true probabilities of its samples, whose numbers it gets, and rounds them."""

    def __init__(self, digits=None):
        self.digits = digits

    def fit(self, X, y):
        self.classes_ = np.arange(4)
        return self

    def predict_proba(self, X):
        exact = true[np.asarray(X)[:, 0].astype(int)]
        return exact if self.digits is None else np.round(exact, self.digits)

    def predict(self, X):
        return self.predict_proba(X).argmax(axis=1)


numbers = np.arange(20_000.0)[:, None]
known = np.log(true[np.arange(20_000), labels]).mean()
temperatures = {}
for digits in (None, 6, 4):
    calibrated = CalibratedClassifierCV(FrozenEstimator(Rounded(digits).fit(numbers, labels)), method="temperature")
    calibrated.fit(numbers, labels)
    temperatures[digits] = 1 / float(calibrated.calibrated_classifiers_[0].calibrators[0].beta_)
    loss = -np.log(calibrated.predict_proba(numbers)[np.arange(20_000), labels]).mean()
    shown = "exact" if digits is None else f"{digits} digits"
    print(f"{shown:9} temperature {temperatures[digits]:.3f}   log loss {loss:.4f}   uncalibrated {-known:.4f}")
assert abs(temperatures[None] - 1) < 0.02 and abs(temperatures[6] - 1) < 0.02, "changed"
assert temperatures[4] < 0.5, "changed"

together = calibrated.predict_proba(numbers[:50])
alone = np.concatenate([calibrated.predict_proba(numbers[place : place + 1]) for place in range(50)])
differing = int((np.abs(together - alone).max(axis=1) > 0.01).sum())
print(f"4 digits: {differing} of 50 samples have other probabilities alone than in a call with the others")
assert differing > 0, "changed"
END
