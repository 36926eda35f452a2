#!/usr/bin/env bash
# Guess: SMOTE takes uint8 images and returns uint8 images whose pixels lie between those of two neighbours of the same
# class, rounded.
# What happens: the difference of two neighbours is taken in uint8, where 100 - 110 is 246. Whatever pixel is darker in
# the neighbour becomes a random brightness, and may exceed 255 and begin again at 0. In a quarter of the pixels, and in
# each of the new images, the result is not the one for the same numbers as floats.
# Versions: imbalanced-learn 0.14.2, scikit-learn 1.9.1; ADASYN, BorderlineSMOTE and SVMSMOTE do the same.
# Why it matters: image data sets are uint8, the call gives no warning, and the new images have the right shape, type
# and label; the classes with few images are then learned from noise.
# Guard: none needed: Hemline makes no new images; hemline/data/imbalance.py says when classes differ in size.
set -euo pipefail
source "$(dirname "$0")/lib/fresh.sh"
fresh imbalanced-learn==0.14.2 scikit-learn==1.9.1 numpy==2.4.6
python - <<'END'
import numpy as np
from imblearn.over_sampling import SMOTE
from sklearn.datasets import load_digits

pixels, labels = load_digits(return_X_y=True)
images = (pixels * 15).astype(np.uint8)
few = np.flatnonzero(labels == 3)[50:]
images, labels = np.delete(images, few, 0), np.delete(labels, few)
new = {}
for kind in (np.uint8, np.float64):
    enlarged, _ = SMOTE(random_state=0).fit_resample(images.astype(kind), labels)
    new[kind] = enlarged[len(images):]
    print(f"{new[kind].dtype}: {len(new[kind])} new images, brightest pixel {new[kind].max():.0f} (data: {images.max()})")
differs = abs(new[np.uint8].astype(float) - new[np.float64]) > 1
print(f"pixels that differ by more than rounding: {differs.mean():.1%}, images with such: {differs.any(1).mean():.1%}")
assert new[np.uint8].dtype == np.uint8
assert new[np.float64].max() <= images.max()
assert new[np.uint8].max() > images.max(), "changed: new pixels lie between old ones"
assert differs.mean() > 0.2, "changed"
assert differs.any(1).all()
END
