#!/usr/bin/env bash
# Guess: two samples of one distribution are called drift in about 5 % of cases, as the threshold of 0.05 says; and what
# is drift with 1,000 rows is drift with 5,000.
# What happens: of two samples of 500 labels of ten equally frequent classes, every second pair is drift. The shares of
# the reference are taken as exact, though they are a sample as well; a test of both samples finds 5 %. Above 1,000 rows
# the test is replaced by a distance: where 40 % of a class are labelled as another, p is 9e-7 with 1,000 rows, and with
# 5,000 rows the same change is no drift (0.06, threshold 0.1), while a test of both samples has p = 1e-11.
# Versions: evidently 0.7.23, pandas 2.3.3, scipy 1.17.1.
# Why it matters: an alarm on the class shares of a served model rings every other time while there are few requests,
# and is silent when there are many.
# Guard: none needed: Hemline does not monitor served models; mean_difference in hemline/comparison/statistics.py uses the
# variance of both samples.
set -euo pipefail
source "$(dirname "$0")/lib/fresh.sh"
fresh evidently==0.7.23 pandas==2.3.3 numpy==2.4.6 scipy==1.17.1
python -W ignore - <<'END'
import numpy as np
import pandas as pd
from evidently import Report
from evidently.metrics import ValueDrift
from scipy.stats import chi2_contingency

random = np.random.default_rng(0)


def drift(reference, current):
    frames = [pd.DataFrame({"label": labels}) for labels in (current, reference)]
    found = Report([ValueDrift(column="label")]).run(*frames).dict()["metrics"][0]
    return found["metric_name"], float(found["value"])


def both(reference, current):
    return chi2_contingency([np.bincount(labels, minlength=10) for labels in (reference, current)]).pvalue


pairs = [random.integers(0, 10, (2, 500)) for _ in range(200)]
evidently = np.mean([drift(*pair)[1] < 0.05 for pair in pairs])
scipy = np.mean([both(*pair) < 0.05 for pair in pairs])
print(f"no change, 500 rows: drift in {evidently:.0%} of 200 pairs; chi-square test of both samples {scipy:.0%}")
assert evidently > 0.4, "changed: the reference is taken as a sample"
assert scipy < 0.1
found = {}
for rows in (1000, 5000):
    reference, current = random.integers(0, 10, (2, rows))
    current = np.where((current == 3) & (random.random(rows) < 0.4), 8, current)
    found[rows] = drift(reference, current)
    print(f"two fifths of a class are another, {rows} rows: {found[rows]}, test of both p = {both(reference, current):.0e}")
assert "chi-square" in found[1000][0] and found[1000][1] < 0.05
assert "distance" in found[5000][0] and found[5000][1] < 0.1, "changed: it is drift with more rows as well"
assert both(reference, current) < 1e-9
END
