#!/usr/bin/env bash
# Guess: a DataLoader with shuffle=False and no workers takes nothing from the random numbers.
# What happens: each pass over it draws one number, a base seed for workers that there are none of. Adding a validation
# loop, or looking at one batch, changes every shuffle and dropout mask that follows: another training from the same
# seed.
# Versions: torch 2.13.0.
# Why it matters: "we only added an evaluation" is taken for a change that changes no result. A generator= of its own,
# given to the loader, keeps them apart.
# Guard: orders are a function of seed and epoch (hemline/training/trainer.py), so whatever else runs, they stay.
set -euo pipefail
source "$(dirname "$0")/lib/fresh.sh"
fresh torch==2.13.0 numpy==2.4.6
python - <<'END'
import torch
from torch.utils.data import DataLoader


def after(looks, **options):
    torch.manual_seed(0)
    for _ in range(looks):
        list(DataLoader(torch.arange(4.0), batch_size=2, shuffle=False, **options))
    return torch.randperm(8).tolist()


plain, once, twice = after(0), after(1), after(2)
print("next permutation after no pass:", plain, "\none pass:", once, "\ntwo passes:", twice)
apart = after(2, generator=torch.Generator())
print("two passes with a generator of the loader's own:", apart)
assert plain != once != twice, "changed: an unshuffled pass draws nothing"
assert apart == plain
END
