#!/usr/bin/env bash
# Guess: imagehash.phash_simple is a simpler phash: a hash of the whole picture.
# What happens: it transforms rows only, and keeps the first 8 of 32 rows. Whatever is below the top quarter of a
# picture does not count: ten different noises under one sky have one hash, and a digit in the middle of a black field
# has that of the empty field.
# Versions: imagehash 4.3.2.
# Why it matters: it is offered beside phash for near-duplicates; on MNIST-like images it calls most of them equal.
# Guard: hemline/describe/fingerprint.py uses phash and dhash, which look at the whole picture.
set -euo pipefail
source "$(dirname "$0")/lib/fresh.sh"
fresh imagehash==4.3.2 pillow==13.0.0 numpy==2.4.6 scipy==1.17.1
python - <<'END'
import imagehash
import numpy as np
from PIL import Image

generator = np.random.default_rng(0)
sky = generator.integers(0, 256, (64, 256), dtype=np.uint8)
pictures = [Image.fromarray(np.vstack([sky, generator.integers(0, 256, (192, 256), dtype=np.uint8)])) for _ in range(10)]
digit, empty = np.zeros((28, 28), np.uint8), np.zeros((28, 28), np.uint8)
digit[10:20, 12:16] = 255
found = {}
for name in ("phash_simple", "phash"):
    hash_of = getattr(imagehash, name)
    apart = [hash_of(pictures[0]) - hash_of(other) for other in pictures[1:]]
    found[name] = max(apart), hash_of(Image.fromarray(digit)) - hash_of(Image.fromarray(empty))
    print(f"{name:13} largest distance under one sky {found[name][0]}, digit to empty field {found[name][1]} of 64 bits")
assert found["phash_simple"][0] <= 6 and found["phash_simple"][1] == 0, "changed"
assert found["phash"][0] > 15 and found["phash"][1] > 5
END
