#!/usr/bin/env bash
# Guess: tifffile.imwrite of an array of n x 28 x 28 makes n pages, for every n.
# What happens: of five images, five pages; of three images, one picture with red, green and blue planes; of four, one
# with an alpha plane. The shape decides, unless photometric= is given. tifffile itself reads them back as they were;
# others read one colour picture.
# Versions: tifffile 2026.3.3 (a warning announces that this will change), Pillow 13.0.0.
# Why it matters: a loop over objects writes a stack for each. Those with three or four frames become colour pictures,
# and a reader that counts pages has one image of them instead of three.
# Guard: hemline/images/picture.py takes the first picture of a file; stacks come as arrays, whose shape the
# description holds.
set -euo pipefail
source "$(dirname "$0")/lib/fresh.sh"
fresh tifffile==2026.3.3 pillow==13.0.0 numpy==2.4.6
python - <<'END'
import warnings

import numpy as np
import tifffile
from PIL import Image

warnings.simplefilter("ignore")
found = {}
for n in (2, 3, 4, 5):
    stack = np.random.default_rng(n).integers(0, 256, (n, 28, 28), dtype=np.uint8)
    tifffile.imwrite("stack.tif", stack)
    with Image.open("stack.tif") as picture:
        found[n] = picture.mode, picture.n_frames
    tifffile.imwrite("grey.tif", stack, photometric="minisblack")
    with Image.open("grey.tif") as picture:
        assert (picture.mode, picture.n_frames) == ("L", n)
    print(f"{n} grey images: Pillow sees mode {found[n][0]}, {found[n][1]} frame(s)")
assert found == {2: ("L", 2), 3: ("RGB", 1), 4: ("RGBA", 1), 5: ("L", 5)}, "changed"
END
