#!/usr/bin/env bash
# Guess: resampling an array of 24 kB ten thousand times needs little memory: resamples are made one after the other.
# What happens: scipy.stats.bootstrap makes all of them at once: 480 MB for 3,000 images, in proportion 1.6 GB for the
# 10,000 of MNIST's test set and 9.6 GB for its training set; batch= limits it, and is None by default.
# Versions: scipy 1.17.1 (batch=None is documented; what it costs is not).
# Why it matters: "a bootstrap interval of the test accuracy" is one line of code, and ends a CI job of 2 GB.
# Guard: none needed: intervals are computed from variances (hemline/comparison/crossed.py); the bootstrap of
# hemline/claims/verdicts.py draws sets of seeds, not of images.
set -euo pipefail
source "$(dirname "$0")/lib/fresh.sh"
fresh scipy==1.17.1 numpy==2.4.6
python - <<'END'
import tracemalloc

import numpy as np
from scipy import stats

right = (np.random.default_rng(0).random(3000) < 0.88).astype(float)


def peak(**options):
    tracemalloc.start()
    interval = stats.bootstrap((right,), np.mean, rng=0, **options).confidence_interval
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return interval, most / 1e6


every, megabytes = peak(method="percentile")
batched, fewer = peak(method="percentile", batch=100)
print(f"{right.nbytes / 1e3:.0f} kB of answers; default: {megabytes:.0f} MB; batch=100: {fewer:.0f} MB")
print("intervals:", every, batched)
assert megabytes > 400, "changed: less than every resample at once"
assert fewer < 50
END
