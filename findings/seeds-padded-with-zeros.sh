#!/usr/bin/env bash
# Guess: default_rng([7, 0]) and default_rng(7) are different streams, as default_rng([7, 1]) is another one.
# What happens: entropy shorter than four words is filled up with zeros, so 7, [7], [7, 0] and [7, 0, 0, 0] are one
# stream (and [7, 0, 0, 0, 0] is another). A large seed is its 32-bit words: 2**32 + 7 is [7, 1].
# Versions: numpy 2.4.6.
# Why it matters: [seed, index] is the advised way to a stream per variant, fold or epoch. The first of them shares its
# numbers with whatever else was seeded by the plain seed: the split of the data and the first epoch's order, say.
# Guard: hemline/params.py holds seeds below 2**32, and the orders of hemline/training/trainer.py are all [seed,
# epoch], of one length; the shared stream of [seed, 0] and seed is not used for two things.
set -euo pipefail
source "$(dirname "$0")/lib/fresh.sh"
fresh numpy==2.4.6
python - <<'END'
import numpy as np


def first(seed):
    return np.random.default_rng(seed).integers(0, 1000, 5).tolist()


for seed in (7, [7], [7, 0], [7, 0, 0, 0], [7, 0, 0, 0, 0], [7, 1], 2**32 + 7):
    print(f"{seed!s:18} {first(seed)}")
assert first(7) == first([7]) == first([7, 0]) == first([7, 0, 0, 0]), "changed"
assert first(7) != first([7, 0, 0, 0, 0])
assert first(2**32 + 7) == first([7, 1]) != first(7)
END
