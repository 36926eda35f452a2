#!/usr/bin/env bash
# Guess: autorank compares variants on the same seeds or data sets, so its second step is paired as its first is.
# What happens: for three normal, equally spread columns it takes the repeated-measures ANOVA first (p = 0.000001: they
# differ), then Tukey's HSD for *independent* samples, whose intervals are made of the spread between rows. Its report
# says in one breath that there is a significant difference, and that none of the pairs differs. Paired t tests with
# Holm's correction find a and b, and a and c, to differ (p below 0.001).
# Versions: autorank 1.3.0, scipy 1.17.1, statsmodels 0.15.0.
# Why it matters: what differs between rows (how hard a data set is, how lucky a seed) is larger than the difference of
# variants almost always; that is why one pairs.
# Guard: every test of hemline/comparison is on differences, seed by seed and image by image.
set -euo pipefail
source "$(dirname "$0")/lib/fresh.sh"
fresh autorank==1.3.0 scikit-learn==1.9.1 scipy==1.17.1 numpy==2.4.6 pandas==3.1.1 statsmodels==0.15.0
python - <<'END'
import contextlib
import io

import numpy as np
import pandas as pd
from autorank import autorank, create_report
from scipy import stats
from statsmodels.stats.multitest import multipletests

generator = np.random.default_rng(3)
base = generator.normal(0.87, 0.02, 12)
table = pd.DataFrame({"a": base, "b": base + 0.004 + generator.normal(0, 0.002, 12),
                      "c": base + 0.002 + generator.normal(0, 0.002, 12)})
with contextlib.redirect_stdout(io.StringIO()) as report:
    result = autorank(table, alpha=0.05)
    create_report(result)
pairs = [("a", "b"), ("a", "c"), ("b", "c")]
holm = multipletests([stats.ttest_rel(table[one], table[other]).pvalue for one, other in pairs], method="holm")[1]
print("autorank: omnibus", result.omnibus, f"p = {result.pvalue:.7f}; then", result.posthoc)
print(*[line for line in report.getvalue().splitlines() if "post-hoc" in line and "groups" in line], sep="\n")
print("paired t tests, Holm:", dict(zip(pairs, holm.round(6).tolist(), strict=True)))
assert result.omnibus == "anova" and result.posthoc == "tukeyhsd" and result.pvalue < 1e-5
assert "no significant differences within the following groups: a, c, and b" in report.getvalue(), "changed"
assert (holm[:2] < 0.001).all()
END
