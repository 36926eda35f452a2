#!/usr/bin/env bash
# Guess: torch.manual_seed takes 64 bits, so seeds that differ give different numbers; likewise jax.random.key.
# What happens: the generator of PyTorch's CPU takes the lower 32 bits. 1, 2**32 + 1 and 2**33 + 1 are one stream, and
# -1 is 2**32 - 1; torch.initial_seed() shows the long number all the same. JAX does so while 64-bit types are off, its
# default.
# Versions: torch 2.13.0 (CPU), jax 0.10.2 (CPU).
# Why it matters: seeds made as base * 2**32 + index, or taken from a hash or a clock in nanoseconds and shifted,
# repeat; "forty seeds" are then fewer trainings, and the spread between them is too small.
# Guard: hemline/params.py holds seeds below 2**32, and refuses the same seed twice.
set -euo pipefail
source "$(dirname "$0")/lib/fresh.sh"
fresh torch==2.13.0 numpy==2.4.6 jax==0.10.2 scipy==1.17.1
python - <<'END'
import jax
import torch

seeds = (1, 2**32 + 1, 2**33 + 1, 2**32 - 1, -1)


def by_torch(seed):
    torch.manual_seed(seed)
    return torch.rand(3).tolist()


def by_jax(seed):
    return jax.random.uniform(jax.random.key(seed), (3,)).tolist()


for seed in seeds:
    by_torch(seed)
    print(f"{seed:11} torch {by_torch(seed)[0]:.6f} (initial_seed {torch.initial_seed()}), jax {by_jax(seed)[0]:.6f}")
assert by_torch(1) == by_torch(2**32 + 1) == by_torch(2**33 + 1) != by_torch(2), "changed"
assert by_torch(-1) == by_torch(2**32 - 1), "changed"
assert by_jax(1) == by_jax(2**32 + 1) != by_jax(2), "changed"
END
