#!/usr/bin/env bash
# Guess: installing a package for speed changes no figure: a column of 2,000,000 equal float32 values has standard
# deviation 0, and one of pixels has the same in pandas with bottleneck as without.
# What happens: pandas uses bottleneck wherever it finds it. It adds float32 in float32, one after the other: the
# constant 0.1 has a standard deviation of 0.0015 at 2,000,000 rows and 0.005 at 20,000,000; that of uniform pixels is
# wrong in the fourth digit. Results are Python floats instead of float32.
# Versions: bottleneck 1.6.0, pandas 3.1.1 (mean and sum are exempt in pandas; std, var and others are not).
# Why it matters: the same script, the same data, the same pandas; the environment that also has xarray's or a
# colleague's extras standardizes its pixels by other numbers.
# Guard: bottleneck is not among the pinned packages (requirements.lock), and pixels are scaled by NumPy in float64.
set -euo pipefail
source "$(dirname "$0")/lib/fresh.sh"
fresh bottleneck==1.6.0 pandas==3.1.1 numpy==2.4.6
python - <<'END'
import numpy as np
import pandas as pd

constant = pd.Series(np.full(2_000_000, 0.1, np.float32))
pixels = pd.Series((np.random.default_rng(0).integers(0, 256, 2_000_000) / 255).astype(np.float32))
found = {}
for use in (True, False):
    pd.set_option("compute.use_bottleneck", use)
    found[use] = constant.std(), pixels.std()
    print("bottleneck" if use else "without   ", "constant:", found[use][0], "pixels:", found[use][1])
truth = pixels.to_numpy().astype(float).std(ddof=1)
print("pixels in float64:", truth)
assert found[True][0] > 1e-4, "changed: the constant has no deviation now"
assert found[False][0] == 0
assert abs(found[True][1] / truth - 1) > 1e-4 > 1e-6 > abs(found[False][1] / truth - 1)
END
