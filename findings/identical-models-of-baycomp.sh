#!/usr/bin/env bash
# Guess: of two models with the same score on each of ten data sets, the Bayesian signed-rank test says 1/2 and 1/2;
# where they tie on eight of ten and one is better on two, it says something in between.
# What happens: it says that the first is better with probability 0.68 and the second with 0.32, whichever is first.
# Where two data sets differ, the ties are not looked at: probability 1.00. The sign test says nan in the first case.
# With any region of practical equivalence above 0, both say "equivalent".
# Versions: baycomp 1.0.3 (two_on_multiple, whose rope is 0 unless given), numpy 2.4.6.
# Why it matters: ties are frequent in accuracies of small test sets, and two names of one model are found "probably
# different". No p-value warns, for there is none.
# Guard: none needed: hemline/comparison/statistics.py has no Bayesian test; identical answers have p = 1.
set -euo pipefail
source "$(dirname "$0")/lib/fresh.sh"
fresh baycomp==1.0.3 numpy==2.4.6 scipy==1.17.1
python -W ignore - <<'END'
import baycomp
import numpy as np

scores = np.linspace(0.80, 0.89, 10)
better = scores.copy()
better[:2] += 0.001
same = baycomp.SignedRankTest.probs(scores, scores.copy(), rope=0)
sign = baycomp.SignTest.probs(scores, scores.copy(), rope=0)
two = baycomp.SignedRankTest.probs(scores, better, rope=0)
wide = baycomp.SignedRankTest.probs(scores, scores.copy(), rope=0.0001)
print("identical, signed rank:      first better %.2f, second better %.2f" % tuple(same))
print("identical, sign test:        first better %.2f, second better %.2f" % tuple(sign))
print("eight ties and two of ten:   first better %.2f, second better %.2f" % tuple(two))
print("identical, rope of 0.0001:   first %.2f, equivalent %.2f, second %.2f" % tuple(wide))
assert same[0] > 0.6, "changed: neither of two identical models is preferred"
assert np.isnan(sign).all(), "changed"
assert two[1] > 0.99, "changed: ties count"
assert wide[1] > 0.99
END
