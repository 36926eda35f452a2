#!/usr/bin/env bash
# Guess: which models a model confidence set keeps depends on the losses of the test images, not on the order of the
# images.
# What happens: of the same 1,000 images, the set holds one model where they are shuffled and both where they lie class
# by class. Blocks of neighbouring images are drawn, of sqrt(n) images unless block_size is given, as if images were a
# time series; a class that is easy for one model then counts as one draw. With block_size=1 the order does not matter.
# Versions: arch 8.0.0.
# Why it matters: folders of images are read class by class, so this is the usual order of a test set; the number of
# models that are "as good as the best" changes when a loader shuffles.
# Guard: none needed: Hemline has no bootstrap of images; the estimates of hemline/comparison/crossed.py are sums over
# images, in any order.
set -euo pipefail
source "$(dirname "$0")/lib/fresh.sh"
fresh arch==8.0.0 numpy==2.4.6 pandas==3.1.1 scipy==1.17.1
python - <<'END'
import numpy as np
from arch.bootstrap import MCS

random = np.random.default_rng(0)
difficulty = random.normal(0, 0.15, 10)
classes = np.repeat(np.arange(10), 100)
one = random.normal(0.5, 0.05, 1000)
other = one + 0.03 + (difficulty - difficulty.mean())[classes] + random.normal(0, 0.05, 1000)
losses = np.stack([one, other], 1)
kept = {}
for name, order in (("by class", np.arange(1000)), ("shuffled", random.permutation(1000))):
    for block in (None, 1):
        found = MCS(losses[order], 0.05, method="max", seed=1, reps=2000, block_size=block)
        found.compute()
        kept[name, block] = len(found.included)
        p_value = found.pvalues["Pvalue"].min()
        print(f"{name}, block_size={block}: models {sorted(found.included)}, p of the worse {p_value:.4f}")
assert kept["shuffled", None] == 1
assert kept["by class", None] == 2, "changed: the order does not matter"
assert kept["by class", 1] == kept["shuffled", 1] == 1
END
