#!/usr/bin/env bash
# Guess: keras.metrics.AUC approximates the area under the curve with 200 thresholds, so it is right within a percent.
# What happens: the thresholds are spread evenly over 0 to 1. Where a class is rare, or a model is sure, all
# probabilities lie between two of them: the area is then 0.5, whatever the order; scikit-learn, which sorts, says
# 0.98.
# Versions: keras 3.15.1 (any backend; here jax), scikit-learn 1.9.1.
# Why it matters: with 0.5 % positives a calibrated model answers about 0.005, the width of one step. It looks useless
# in Keras's log, and early stopping on val_auc ends its training.
# Guard: none needed: no metric of hemline/comparison/metrics.py has thresholds.
set -euo pipefail
source "$(dirname "$0")/lib/fresh.sh"
fresh keras==3.15.1 jax==0.10.2 scikit-learn==1.9.1 numpy==2.4.6 scipy==1.17.1
python - <<'END'
import os

os.environ["KERAS_BACKEND"] = "jax"
import keras
import numpy as np
from sklearn.metrics import roc_auc_score

generator = np.random.default_rng(0)
labels = np.r_[np.ones(50), np.zeros(9950)]
scores = 0.001 * np.r_[0.5 + generator.random(50) / 2, 0.6 * generator.random(9950)]
found = {}
for name, values in {"all below 0.001": scores, "the same order, spread": scores * 900}.items():
    metric = keras.metrics.AUC()
    metric.update_state(labels, values)
    found[name] = float(metric.result()), roc_auc_score(labels, values)
    print(f"{name:24} Keras {found[name][0]:.4f}, scikit-learn {found[name][1]:.4f}")
assert found["all below 0.001"][0] == 0.5 and found["all below 0.001"][1] > 0.97, "changed"
assert abs(np.subtract(*found["the same order, spread"])) < 0.01
END
