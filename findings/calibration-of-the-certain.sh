#!/usr/bin/env bash
# Guess: an expected calibration error with ten bins sorts confidences into ten bins; two classes as binary or as
# multiclass make no difference.
# What happens: a confidence of exactly 1 has an eleventh bin of its own in torchmetrics, so errors that would cancel
# within 0.9 to 1 do not: 0.275 instead of 0.225. And the binary form bins the probability of class 1, the multiclass
# form that of the answer: 0.030 against 0.020 for the same 2,000 answers.
# Versions: torchmetrics 1.9.0; the definition (Naeini et al. 2015) computed by NumPy for comparison.
# Why it matters: a float32 softmax is exactly 1 for most images of an easy set, so the eleventh bin is the fullest.
# Errors of 0.02 are what papers on calibration compare.
# Guard: hemline/claims/questions.py compares confidence with accuracy over all images, without bins.
set -euo pipefail
source "$(dirname "$0")/lib/fresh.sh"
fresh torchmetrics==1.9.0 torch==2.13.0 numpy==2.4.6 setuptools==80.9.0
python - <<'END'
import numpy as np
import torch
from torchmetrics.functional.classification import binary_calibration_error, multiclass_calibration_error


def calibration_error(confidence, right, bins):
    """Weigh |accuracy - confidence| of each of ``bins`` equal bins by its share; the last one includes 1."""
    place = np.minimum((confidence * bins).astype(int), bins - 1)
    return sum(abs((confidence - right)[place == each].sum()) for each in range(bins)) / len(right)


sure = np.array([1.0] * 10 + [0.95] * 10, np.float32)
right = np.array([1] * 5 + [0] * 5 + [1] * 10)
theirs = float(binary_calibration_error(torch.tensor(sure), torch.tensor(right), n_bins=10))
ours = calibration_error(sure, right, 10)
print(f"ten at 1.00 of which 5 are right, ten at 0.95 of which 10 are: torchmetrics {theirs:.3f}, ten bins {ours:.3f}")
generator = np.random.default_rng(0)
share = generator.random(2000)
labels = torch.tensor((generator.random(2000) < share).astype(int))
two = torch.tensor(np.c_[1 - share, share].astype(np.float32))
binary = float(binary_calibration_error(two[:, 1], labels, n_bins=15))
multiclass = float(multiclass_calibration_error(two, labels, num_classes=2, n_bins=15))
print(f"2,000 answers of two classes: binary {binary:.4f}, multiclass {multiclass:.4f}")
assert abs(theirs - 0.275) < 1e-4 and abs(ours - 0.225) < 1e-4, "changed"
assert binary > 1.2 * multiclass, "changed"
END
