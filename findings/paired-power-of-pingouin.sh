#!/usr/bin/env bash
# Guess: the columns of one row of pingouin's ttest(paired=True) describe one test: with T = 40 on 4 degrees of freedom
# and p = 0.000002, the power beside them is 1.
# What happens: the power is 0.61. T and p come from the differences, seed by seed; cohen_d is the difference over the
# average standard deviation of the two columns, and the power is computed from that d as if it were the paired one.
# Versions: pingouin 0.7.0; the noncentral t distribution of scipy 1.17.1 for comparison.
# Why it matters: accuracies of two variants rise and fall together with the seed. Where pairing helps most, this power
# is too low by most, and whoever plans the number of seeds by it trains many times too often.
# Guard: hemline/comparison plans nothing by an effect size; the power in docs/STATISTICS.md is simulated.
set -euo pipefail
source "$(dirname "$0")/lib/fresh.sh"
fresh pingouin==0.7.0 scipy==1.17.1 numpy==2.4.6 pandas==3.1.1
python - <<'END'
import numpy as np
import pingouin
from scipy import stats

one = np.array([0.870, 0.880, 0.860, 0.890, 0.900])
other = one - np.array([0.020, 0.021, 0.019, 0.020, 0.022])
row = pingouin.ttest(one, other, paired=True).iloc[0]
difference = one - other
paired = difference.mean() / difference.std(ddof=1)
limit = stats.t.ppf(0.975, 4)
truth = stats.nct.sf(limit, 4, paired * np.sqrt(5))  # what the other tail adds is nothing here
print(row.to_string())
print(f"d of the differences: {paired:.2f}; power of this paired test at that d: {truth:.4f}")
print("pingouin's own power_ttest at that d:", pingouin.power_ttest(d=paired, n=5, contrast="paired"))
assert row["p_val"] < 1e-5
assert 0.60 < row["power"] < 0.63, "changed"
assert truth > 0.9999
END
