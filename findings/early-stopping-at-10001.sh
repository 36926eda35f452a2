#!/usr/bin/env bash
# Guess: 10,001 training rows give about the model that 10,000 give.
# What happens: HistGradientBoostingClassifier's early_stopping="auto" is off up to 10,000 rows and on above. One row
# more, and a tenth of the rows is held out, unasked: 25 rounds of boosting instead of 100.
# Versions: scikit-learn 1.9.1 (documented; the cliff is what surprises).
# Why it matters: learning curves over the size of the training set have a kink at 10,000 that is none of the data; the
# rows held out are drawn by image, so that frames of one object lie on both sides.
# Guard: none yet: a variant of hemline/families/scikit_learn.py takes the estimator's default; its settings can say
# early_stopping: false.
set -euo pipefail
source "$(dirname "$0")/lib/fresh.sh"
fresh scikit-learn==1.9.1 numpy==2.4.6 scipy==1.17.1
python - <<'END'
import numpy as np
from sklearn.ensemble import HistGradientBoostingClassifier

generator = np.random.default_rng(0)
rows = generator.random((10_001, 4))
labels = (rows[:, 0] + generator.normal(0, 1, 10_001) > 0.5).astype(int)
found = {}
for n in (10_000, 10_001):
    model = HistGradientBoostingClassifier(max_iter=100, max_leaf_nodes=4, random_state=0).fit(rows[:n], labels[:n])
    found[n] = model.n_iter_, bool(model.do_early_stopping_)
    print(f"{n} rows: {found[n][0]} rounds, early stopping {found[n][1]}")
assert found[10_000] == (100, False), "changed"
assert found[10_001][0] < 90 and found[10_001][1], "changed"
END
