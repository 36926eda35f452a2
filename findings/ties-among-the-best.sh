#!/usr/bin/env bash
# Guess: of ten classes with equal probabilities one is the answer, so the top-1 accuracy of a constant model is 10 %,
# by every library, and is that of the first class.
# What happens: Keras's top-k accuracy counts every class that ties with the k-th: 100 %. scikit-learn's takes the
# classes that come last, argmax (and so Keras's own accuracy, in the same log) the one that comes first.
# Versions: keras 3.15.1 (jax backend; TensorFlow's in_top_k does the same), scikit-learn 1.9.1.
# Why it matters: a network whose units died, or whose outputs were rounded to 8 bits, ties. It then has top-5 accuracy
# 1 and accuracy 0.1, and looks like a model that nearly knows.
# Guard: Hemline's figures rest on one argmax (hemline/comparison/scores.py); there is no top-k.
set -euo pipefail
source "$(dirname "$0")/lib/fresh.sh"
fresh keras==3.15.1 jax==0.10.2 scikit-learn==1.9.1 numpy==2.4.6 scipy==1.17.1
python - <<'END'
import os

os.environ["KERAS_BACKEND"] = "jax"
import keras
import numpy as np
from sklearn.metrics import top_k_accuracy_score

labels, equal = np.arange(10), np.full((10, 10), 0.1, np.float32)
found = {}
for metric in (keras.metrics.SparseCategoricalAccuracy(), keras.metrics.SparseTopKCategoricalAccuracy(k=1),
               keras.metrics.SparseTopKCategoricalAccuracy(k=3)):
    metric.update_state(labels, equal)
    found[type(metric).__name__, getattr(metric, "_k", getattr(metric, "k", None))] = float(metric.result())
print("Keras:", found)
right = [top_k_accuracy_score([label] * 2, equal[:2], k=3, labels=range(10)) for label in labels]
print("scikit-learn, top 3, class by class:", right)
assert sorted(found.values())[1:] == [1.0, 1.0] and abs(min(found.values()) - 0.1) < 1e-6, "changed"
assert right == [0] * 7 + [1] * 3, "changed"
assert equal.argmax(axis=1).tolist() == [0] * 10
END
