#!/usr/bin/env bash
# Guess: euclidean(a, b) and cdist([a], [b]), the same library's distance of two vectors and of two lists of vectors,
# agree for uint8 images.
# What happens: for [0, 10, 20] and [1, 5, 25], cdist says 7.14 and euclidean 357.84; cityblock is 511 for 11, chebyshev
# 255 for 5, and exchanging the images changes all three. sqeuclidean, in the same module, is right (51). Seen beside it:
# scikit-learn's mean_absolute_error of two uint8 arrays is right, median_absolute_error and max_error are not.
# Versions: scipy 1.17.1, scikit-learn 1.9.1, numpy 2.4.6.
# Why it matters: nearest neighbours and near-duplicates are looked for with cdist, and a found pair is then verified,
# or a threshold chosen, with the distance of two. A kNN of scipy's functions as `metric` ranks otherwise than by name.
# Guard: images are divided into float32 before they reach an estimator (hemline/families/scikit_learn.py);
# near-duplicates are compared by the bits of hashes (hemline/describe/fingerprint.py).
set -euo pipefail
source "$(dirname "$0")/lib/fresh.sh"
fresh scipy==1.17.1 scikit-learn==1.9.1 numpy==2.4.6
python - <<'END'
import numpy as np
from scipy.spatial import distance
from sklearn import metrics

one, other = np.array([0, 10, 20], np.uint8), np.array([1, 5, 25], np.uint8)
found = {}
for name in ("euclidean", "cityblock", "chebyshev", "sqeuclidean"):
    lists = distance.cdist([one], [other], name).item()
    pair, exchanged = (float(getattr(distance, name)(*two)) for two in ((one, other), (other, one)))
    found[name] = lists, pair, exchanged
    print(f"{name:12} of lists {lists:7.2f}   of two {pair:7.2f}   exchanged {exchanged:7.2f}")
assert found["sqeuclidean"] == (51, 51, 51)
assert found["cityblock"][:2] == (11, 511), "changed: of two vectors it is 11 as well"
assert found["chebyshev"][:2] == (5, 255), "changed"
assert found["euclidean"][1] > 50 * found["euclidean"][0] > 0
assert found["euclidean"][1] != found["euclidean"][2], "changed: a distance is symmetrical"
truth, guess = np.array([0, 10, 200], np.uint8), np.array([1, 5, 250], np.uint8)
for name, is_same in (("mean_absolute_error", True), ("median_absolute_error", False), ("max_error", False)):
    score = getattr(metrics, name)
    values = float(score(truth, guess)), float(score(truth / 1.0, guess / 1.0))
    print(f"{name:22} uint8 {values[0]:7.2f}   float {values[1]:7.2f}")
    assert (values[0] == values[1]) == is_same, "changed"
END
