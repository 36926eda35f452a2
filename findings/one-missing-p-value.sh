#!/usr/bin/env bash
# Guess: with one NaN among p-values (a comparison that could not be made), multipletests corrects the others as if it
# were not there, or refuses.
# What happens: hommel, simes-hochberg, fdr_bh and fdr_by return NaN for all, with decisions beside it that contradict
# each other: of 0.001, 0.2, NaN, 0.04 and 0.9, fdr_bh rejects the first and hommel none. Of 0.03, 0.04, NaN and NaN
# none is rejected, where both are without the NaN. holm and bonferroni count a NaN as a test that was made.
# Versions: statsmodels 0.15.0; scipy 1.17.1's false_discovery_control refuses NaN.
# Why it matters: a test of a constant difference, or of a class without images, has no p; the table of rejections is
# then complete, looks plausible, and is wrong, and most programs use only reject.
# Guard: the adjustment in hemline/comparison/statistics.py refuses a NaN among p values before multipletests sees it.
set -euo pipefail
source "$(dirname "$0")/lib/fresh.sh"
fresh statsmodels==0.15.0 scipy==1.17.1 numpy==2.4.6 pandas==3.1.1
python -W ignore - <<'END'
import numpy as np
from scipy import stats
from statsmodels.stats.multitest import multipletests

found = {}
for values in ([0.001, 0.2, np.nan, 0.04, 0.9], [0.03, 0.04, np.nan, np.nan]):
    rest = [value for value in values if not np.isnan(value)]
    for method in ("holm", "hommel", "simes-hochberg", "fdr_bh", "fdr_by"):
        rejected, corrected = multipletests(values, method=method)[:2]
        without = multipletests(rest, method=method)[0]
        found[len(values), method] = rejected.tolist(), bool(np.isnan(corrected).all()), without.tolist()
        print(f"{values} {method:15} reject {rejected.astype(int)}, corrected {corrected.round(3)};"
              f" without NaN reject {without.astype(int)}")
for method in ("hommel", "simes-hochberg", "fdr_bh", "fdr_by"):
    assert found[5, method][1], "changed: the others are corrected"
assert found[5, "fdr_bh"][0] == [True, False, False, False, False], "changed"
assert not any(found[5, "hommel"][0]), "changed"
assert found[5, "hommel"][2][0]
assert found[4, "fdr_bh"] == ([False] * 4, True, [True, True]), "changed"
assert multipletests([0.03, 0.04, np.nan], method="holm")[1][0] == 0.09, "changed: NaN is not counted"
try:
    stats.false_discovery_control([0.03, np.nan])
except ValueError as error:
    print("scipy:", error)
else:
    raise AssertionError("changed: scipy takes NaN")
END
