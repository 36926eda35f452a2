#!/usr/bin/env bash
# Guess: the macro F1 of the same answers is one number; classes that occur neither among labels nor answers do not
# count.
# What happens: Keras counts each of them as 0. Three of ten classes in a test set, five of six answers right: Keras
# 0.247, scikit-learn 0.822. Its MeanIoU, in the same release, leaves them out.
# Versions: keras 3.15.1 (jax backend), scikit-learn 1.9.1 (which does as Keras if given labels=).
# Why it matters: on a small validation part, or on one group of the data, classes are missing; a curve of F1 then
# shows which classes were drawn.
# Guard: classes without test images are left out of macro figures (hemline/comparison/by_class.py), and the page says
# so.
set -euo pipefail
source "$(dirname "$0")/lib/fresh.sh"
fresh keras==3.15.1 jax==0.10.2 scikit-learn==1.9.1 numpy==2.4.6 scipy==1.17.1
python - <<'END'
import os

os.environ["KERAS_BACKEND"] = "jax"
import keras
import numpy as np
from sklearn.metrics import f1_score

labels, answers = np.array([0, 1, 2, 0, 1, 2]), np.array([0, 1, 2, 0, 1, 1])
metric, overlap = keras.metrics.F1Score(average="macro"), keras.metrics.MeanIoU(num_classes=10)
metric.update_state(np.eye(10)[labels], np.eye(10)[answers])
overlap.update_state(labels, answers)
by_keras, by_sklearn = float(metric.result()), f1_score(labels, answers, average="macro")
print(f"macro F1, 3 of 10 classes present: Keras {by_keras:.4f}, scikit-learn {by_sklearn:.4f},"
      f" scikit-learn with labels=range(10) {f1_score(labels, answers, average='macro', labels=range(10)):.4f}")
print(f"Keras MeanIoU: {float(overlap.result()):.4f}")
assert abs(by_keras - 0.3 * by_sklearn) < 1e-6 and by_sklearn > 0.8, "changed"
assert float(overlap.result()) > 0.7
END
