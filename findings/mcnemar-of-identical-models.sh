#!/usr/bin/env bash
# Guess: two models that answer every image alike do not differ, so McNemar's test gives p = 1, or refuses.
# What happens: with Edwards's continuity correction, statsmodels (exact=False) and mlxtend (its default) compute (|0 -
# 0| - 1)^2 / 0 = infinity, and return p = 0: the strongest evidence of a difference that a test can give.
# Versions: statsmodels 0.15.0, mlxtend 0.25.0.
# Why it matters: two trainings that converge to the same predictions are common (a no-op change, a resumed run, a
# solved linear model), and a script that filters by p < 0.05 reports them as different.
# Guard: mcnemar() in hemline/comparison/statistics.py is exact, and is 1 where no image is answered differently.
set -euo pipefail
source "$(dirname "$0")/lib/fresh.sh"
fresh statsmodels==0.15.0 mlxtend==0.25.0 scikit-learn==1.9.1 numpy==2.4.6 scipy==1.17.1 pandas==3.1.1
python - <<'END'
import warnings

import numpy as np
from mlxtend.evaluate import mcnemar as mlxtend_mcnemar
from statsmodels.stats.contingency_tables import mcnemar

warnings.simplefilter("ignore")
same = np.array([[8800, 0], [0, 1200]])
print("10,000 images, 8,800 right by both models, 1,200 wrong by both, none by one alone")
exact, corrected = mcnemar(same, exact=True), mcnemar(same, exact=False, correction=True)
uncorrected = mcnemar(same, exact=False, correction=False)
statistic, p_value = mlxtend_mcnemar(same)
print("statsmodels, exact:           p =", exact.pvalue)
print("statsmodels, corrected:       p =", corrected.pvalue, " chi2 =", corrected.statistic)
print("statsmodels, not corrected:   p =", uncorrected.pvalue)
print("mlxtend, default:             p =", p_value, " chi2 =", statistic)
assert exact.pvalue == 1
assert corrected.pvalue == 0 and np.isinf(corrected.statistic)
assert np.isnan(uncorrected.pvalue)
assert p_value == 0 and np.isinf(statistic)
END
