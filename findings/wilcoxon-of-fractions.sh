#!/usr/bin/env bash
# Guess: Wilcoxon's signed-rank test depends on ranks only, so it gives the same p for counts of right answers and for
# the same counts divided by 10,000.
# What happens: 0.0625 for the counts, 0.0469 for the accuracies, and the verdict at 5 % changes. Equal differences of
# counts (8709 - 8714, 8706 - 8701) are unequal in binary fractions by one rounding, so ties fall apart into ranks that
# the rounding chose. Enumerating all 256 signs of the integer differences gives 0.0625.
# Versions: scipy 1.17.1 (its documentation warns in a note); pingouin 0.7.0 passes it on.
# Why it matters: accuracies on a test set are always multiples of 1/n, so ties are the rule, and the fractions are
# what every framework returns.
# Guard: none needed: hemline/comparison uses t and exact binomial tests, the latter on counts.
set -euo pipefail
source "$(dirname "$0")/lib/fresh.sh"
fresh scipy==1.17.1 pingouin==0.7.0 numpy==2.4.6 pandas==3.1.1
python - <<'END'
from itertools import product

import numpy as np
import pingouin
from scipy import stats

one = np.array([8714, 8694, 8727, 8661, 8723, 8679, 8706, 8672])
other = np.array([8709, 8697, 8724, 8632, 8708, 8666, 8709, 8651])
ranks = stats.rankdata(abs(one - other))
signs = np.array(list(product((-1, 1), repeat=len(one))))
observed = abs(ranks @ np.sign(one - other))
enumerated = np.mean(abs(signs @ ranks) >= observed)
found = {}
for scale in (1, 100, 10_000):
    found[scale] = stats.wilcoxon(one / scale, other / scale).pvalue
    print(f"divided by {scale:6}: scipy p = {found[scale]:.6f}, pingouin p ="
          f" {pingouin.wilcoxon(one / scale, other / scale)['p_val'].iloc[0]:.6f}")
print("all signs enumerated:  ", enumerated)
assert enumerated == found[1] == 0.0625
assert found[10_000] < 0.05, "changed: the fractions now give what the counts give"
END
