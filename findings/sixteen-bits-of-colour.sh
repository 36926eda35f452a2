#!/usr/bin/env bash
# Guess: an Image column of datasets keeps 16-bit colour, scales it to 8 bits, or refuses it.
# What happens: it keeps the lower eight bits: 1000 becomes 232, 4000 becomes 160. A smooth picture becomes stripes. A
# warning says "Downcasting array dtype uint16 to uint8", as it does for whole numbers that fit. Grey of 16 bits is kept.
# Versions: datasets 5.2.0, Pillow 13.0.0.
# Why it matters: microscopes, satellites and raw photographs give such arrays; the pixels stay within 0 to 255, and the
# file that is written holds nothing of the rest.
# Guard: hemline/images/picture.py keeps the upper eight bits of 16-bit colour, and refuses pictures that use few of
# these levels.
set -euo pipefail
source "$(dirname "$0")/lib/fresh.sh"
fresh datasets==5.2.0 Pillow==13.0.0 numpy==2.4.6
python - <<'END'
import warnings

import numpy as np
from datasets import Dataset, Features, Image

ramp = np.arange(0, 65536, 1000, dtype=np.uint16)[:60]
colour, grey = np.repeat(ramp, 3).reshape(6, 10, 3), ramp.reshape(6, 10)
with warnings.catch_warnings(record=True) as said:
    warnings.simplefilter("always")
    stored = Dataset.from_dict({"image": [colour]}, features=Features({"image": Image()}))
    read = np.asarray(stored[0]["image"])
said = {str(warning.message) for warning in said if "dtype" in str(warning.message)}
print("put in:", colour[0, :5, 0], "read:", read[0, :5, 0], read.dtype, "warnings:", said)
assert (read == colour % 256).all(), "changed: not the remainder of 256"
assert all("Downcasting" in text for text in said)
kept = np.asarray(Dataset.from_dict({"image": [grey]}, features=Features({"image": Image()}))[0]["image"])
print("grey:  ", grey[0, :5], "read:", kept[0, :5], kept.dtype)
assert (kept == grey).all()
END
