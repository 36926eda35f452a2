#!/usr/bin/env bash
# Guess: the p-value of a test whose documented question is whether two accuracies differ is two-sided, and does not
# depend on which model is named first.
# What happens: mlxtend's proportion_difference returns the lower tail. 84 % against 86 % gives 0.105, 86 % against 84
# % gives 0.895; the two-sided p is 0.211. So a model that is far better, named first, has p = 1, and one that is worse
# is "significant" at 10 % instead of 5 %.
# Versions: mlxtend 0.25.0; statsmodels 0.15.0 and the normal distribution for comparison.
# Why it matters: this is the function that tutorials on comparing classifiers use on two test accuracies.
# Guard: hemline/comparison/statistics.py uses no such test: every p of a difference is two-sided.
set -euo pipefail
source "$(dirname "$0")/lib/fresh.sh"
fresh mlxtend==0.25.0 statsmodels==0.15.0 numpy==2.4.6 scipy==1.17.1 pandas==3.1.1
python - <<'END'
from math import sqrt

from mlxtend.evaluate import proportion_difference
from scipy.stats import norm
from statsmodels.stats.proportion import proportions_ztest

n = 1000
for first, second in ((0.84, 0.86), (0.86, 0.84), (0.90, 0.80)):
    z, p = proportion_difference(first, second, n, n)
    own = (first - second) / sqrt(first * (1 - first) / n + second * (1 - second) / n)
    pooled = proportions_ztest([first * n, second * n], [n, n])[1]
    print(f"{first:.2f} against {second:.2f}: mlxtend p = {p:.4f}; own two-sided p = {2 * norm.sf(abs(own)):.4f};"
          f" statsmodels {pooled:.4f}")
    assert abs(z - own) < 1e-9
    assert abs(p - norm.cdf(own)) < 1e-9, "changed: no longer the lower tail"
END
