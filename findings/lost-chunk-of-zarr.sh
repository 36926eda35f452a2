#!/usr/bin/env bash
# Guess: an array of which a file is missing, after an interrupted copy say, cannot be read: there is an error.
# What happens: a chunk that is not there stands for the fill value, so the images in it are read as zeros: no error,
# no warning. It cannot be told from a chunk of black images, for those are never written either.
# Versions: zarr 3.1.6, format 3 (the format says so; who reads arrays of images does not look there).
# Why it matters: blank images pass every check of shape and type, and their labels stay as they were.
# Guard: Hemline reads no Zarr; raw files are verified by SHA-256 before they are read (hemline/data/raw.py).
set -euo pipefail
source "$(dirname "$0")/lib/fresh.sh"
fresh zarr==3.1.6 numpy==2.4.6
python - <<'END'
from pathlib import Path

import numpy as np
import zarr

images = zarr.open("images", mode="w", shape=(4, 2, 2), chunks=(1, 2, 2), dtype="u1")
images[:] = 7
Path("images/c/2/0/0").unlink()
back = zarr.open("images", mode="r")[:]
print("means of the four images after the third one's file is lost:", back.mean(axis=(1, 2)))
black = zarr.open("black", mode="w", shape=(4, 2, 2), chunks=(1, 2, 2), dtype="u1")
black[:] = 0
files = [str(path) for path in Path("black").rglob("*") if path.is_file()]
print("files of an array of four black images:", files)
assert back.mean(axis=(1, 2)).tolist() == [7, 7, 0, 7], "changed"
assert files == ["black/zarr.json"]
END
