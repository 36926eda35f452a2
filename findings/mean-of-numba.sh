#!/usr/bin/env bash
# Guess: x.mean() of an array has the same first digits in a function compiled by numba as outside.
# What happens: for 40,000 images of 28 x 28 in float32, it is 0.53 instead of 0.82, and the standard deviation is
# 0.48 instead of 0.39. The pixels are added up one by one in float32, and at 2**24 another 1 changes nothing; NumPy
# adds them in pairs of pairs. 20,000 images have the right mean. nanmean, fastmath and float64 are right as well.
# Versions: numba 0.68.1, numpy 2.4.6.
# Why it matters: statistics for scaling are computed over all pixels, in float32, and loops over data are what
# numba is for. A small test of the function passes.
# Guard: none needed: Hemline does not compile by numba, and hemline/data/scaling.py divides by one constant, not by
# statistics of pixels.
set -euo pipefail
source "$(dirname "$0")/lib/fresh.sh"
fresh numba==0.68.1 numpy==2.4.6
python -W error - <<'END'
import numba
import numpy as np


def statistics(pixels):
    return pixels.mean(), pixels.std(), pixels.sum()


compiled, fast = numba.njit(statistics), numba.njit(fastmath=True)(statistics)
nan_mean = numba.njit(lambda pixels: np.nanmean(pixels))
image = np.ones((28, 28), np.float32)
image[8:20, 8:20] = 0
share = float(image.mean())
for number in (100, 20_000, 40_000):
    pixels = np.tile(image, (number, 1, 1))
    outside, inside = statistics(pixels), compiled(pixels)
    print(f"{number:6,} images, NumPy: mean {outside[0]:.4f}, std {outside[1]:.4f}, sum {outside[2]:.0f}; "
          f"numba: mean {inside[0]:.4f}, std {inside[1]:.4f}, sum {inside[2]:.0f}")
    assert np.allclose(outside[0], share)
    assert np.allclose(inside, outside) == (number < 40_000), "changed"
assert inside[2] == 2**24 and abs(inside[0] - 0.535) < 0.001 and abs(inside[1] - 0.4786) < 0.001
assert np.allclose(nan_mean(pixels), share) and np.allclose(fast(pixels)[0], share)
assert np.allclose(compiled(pixels.astype(np.float64))[0], share)
END
