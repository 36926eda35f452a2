#!/usr/bin/env bash
# Guess: the images that FLAML validates on are none that it trains on; where it repeats images of a rare class
# (auto_augment, on by default: "automatically augment rare classes"), it does so in the training part, as its
# resampler option does.
# What happens: every class of fewer than 20 images is repeated to at least 20 before the split. All validation images
# of such a class are copies of training images, by holdout and in every fold of cross-validation. Of pixels and labels
# drawn at random, nearest neighbours get all of the rare class right in validation, and next to none in new images.
# With auto_augment=False there are no copies in cross-validation; in a holdout (allow_label_overlap, also on by
# default) at most one.
# Versions: flaml 2.7.0, scikit-learn 1.9.1.
# Why it matters: macro averages and balanced accuracy are chosen because of rare classes, and it is the rare classes'
# part of them that is too good; a learner that memorises wins the search.
# Guard: hemline/data/splits.py repeats no image, and refuses a class that is too rare for both sides; test images that
# occur in training are reported (hemline/data/duplicates.py).
set -euo pipefail
source "$(dirname "$0")/lib/fresh.sh"
fresh flaml==2.7.0 lightgbm==4.7.0 xgboost-cpu==3.2.0 scikit-learn==1.9.1 numpy==2.4.6 scipy==1.17.1 pandas==3.1.1
python -W ignore - <<'END'
import numpy as np
from flaml import AutoML
from sklearn.metrics import recall_score

RARE = 3
rng = np.random.default_rng(0)
images, labels = rng.normal(size=(1000, 20)).astype(np.float32), rng.integers(0, 3, 1000)
labels[rng.permutation(1000)[:6]] = RARE
new = rng.normal(size=(200, 20)).astype(np.float32)


def search(method, augment):
    """Return of each validation part its rare images, how many were trained on, and the recall of the class."""
    parts = []

    def metric(X_val, y_val, estimator, labels, X_train, y_train, *other, **options):
        trained_on = {row.tobytes() for row in np.asarray(X_train)}
        rare = np.asarray(X_val)[np.asarray(y_val) == RARE]
        recall = recall_score(y_val, estimator.predict(X_val), labels=[0, 1, 2, RARE], average=None)
        parts.append((len(rare), sum(row.tobytes() in trained_on for row in rare), recall[RARE]))
        return 1 - recall.mean(), {}

    automl = AutoML()
    automl.fit(images, labels, task="classification", estimator_list=["kneighbor"], metric=metric, eval_method=method,
               n_splits=5, max_iter=2, auto_augment=augment, seed=1, n_jobs=1, verbose=0)
    of_one = parts[-1:] if method == "holdout" else parts[-5:]  # of the last settings that were tried
    return of_one, (automl.predict(new) == RARE).mean()


print(f"{(labels == RARE).sum()} of 1,000 images are of the rare class; pixels and labels are random")
for method in ("holdout", "cv"):
    for augment in (None, False):
        parts, of_new = search(method, augment)
        rare, copies, recalls = map(list, zip(*parts))
        name = "default" if augment is None else "auto_augment=False"
        print(f"{method:7} {name:18} rare in validation {rare}, of these also trained on {copies},"
              f" recall {[*map(float, recalls)]}; of new {of_new:.2f}")
        if augment is None:
            assert rare == copies and min(rare) > 0, "changed: the rare class is repeated in training only"
            assert min(recalls) == 1, "changed"
            assert of_new < 0.2
        else:
            assert sum(copies) <= (method == "holdout"), "changed"
END
