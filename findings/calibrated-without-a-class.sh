#!/usr/bin/env bash
# Guess: calibrating probabilities of ten classes gives probabilities of ten classes; if the calibration images have
# none of a class, that class is left as it was, or the call is refused.
# What happens: the result has nine columns, in the order of the classes that occur: all classes after the missing one
# are one column to the left. Each row sums to 1, and nothing is said. The accuracy of argmax falls from 0.93 to 0.28.
# And with two classes, labels 1 and 2 instead of 0 and 1 give "probabilities" from -12 to 13, and labels -1 and 1 from
# -180 to 181; scikit-learn takes all of these labels.
# Versions: venn-abers 1.5.4.
# Why it matters: calibration sets are small, and rare classes are missing from them; class numbers that start at 1
# (EMNIST's letters) are common.
# Guard: hemline/comparison/calibration.py fits one temperature per model, which keeps all columns and their order;
# classes are numbered from 0 over all parts (hemline/data/labels.py).
set -euo pipefail
source "$(dirname "$0")/lib/fresh.sh"
fresh venn-abers==1.5.4 scikit-learn==1.9.1 numpy==2.4.6 scipy==1.17.1 pandas==3.1.1
python -W error - <<'END'
import numpy as np
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression
from venn_abers import VennAbersCalibrator

images, labels = load_digits(return_X_y=True)
order = np.random.default_rng(0).permutation(len(labels))
images, labels = images[order] / 16, labels[order]
train, tune, test = slice(0, 400), slice(400, 1000), slice(1000, None)


def calibrated(model, classes, keep):
    """Return the probabilities of the test images, calibrated on the images of the middle part that are kept."""
    return VennAbersCalibrator().predict_proba(
        p_cal=model.predict_proba(images[tune])[keep],
        y_cal=classes[tune][keep],
        p_test=model.predict_proba(images[test]),
    )


def accuracy(probabilities):
    return (probabilities.argmax(axis=1) == labels[test]).mean()


model = LogisticRegression(max_iter=1000).fit(images[train], labels[train])
before = accuracy(model.predict_proba(images[test]))
print(f"not calibrated:                 {before:.2f}")
for name, keep in {"ten classes": labels[tune] >= 0, "no 3 among them": labels[tune] != 3}.items():
    found = calibrated(model, labels, keep)
    print(f"calibrated with {name:15} {accuracy(found):.2f}, shape {found.shape}")
    assert np.allclose(found.sum(axis=1), 1)
    wide = found.shape[1] == 10
    assert wide == (name == "ten classes"), "changed: the columns of a missing class"
    assert (accuracy(found) > 0.9) if wide else (accuracy(found) < 0.4)
eights, all_of_them = (labels == 8).astype(int), labels[tune] >= 0
two = LogisticRegression(max_iter=1000).fit(images[train], eights[train])
for name, classes in {"0 and 1": eights, "1 and 2": eights + 1, "-1 and 1": 2 * eights - 1}.items():
    found = calibrated(two, classes, all_of_them)
    print(f"labels {name:8} probabilities from {found.min():8.2f} to {found.max():8.2f}")
    inside = 0 <= found.min() and found.max() <= 1
    assert inside == (name == "0 and 1"), "changed: labels other than 0 and 1"
END
