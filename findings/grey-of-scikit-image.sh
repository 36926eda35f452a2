#!/usr/bin/env bash
# Guess: skimage.io.imread(file, as_gray=True) gives every file of a folder as a two-dimensional picture on one scale.
# What happens: a colour file is floats from 0 to 1, the same picture saved as grey is uint8 from 0 to 255, and saved
# as grey with alpha it is refused: three channels are expected.
# Versions: scikit-image 0.26.0.
# Why it matters: folders that mix RGB and grey files are common (scans, X-rays), and where the two classes came from
# two sources, brightness alone tells the class: a linear model then scores 100 %.
# Guard: hemline/images/picture.py reads with Pillow and brings every picture to one form; docs/YOUR-DATA.md says
# which.
set -euo pipefail
source "$(dirname "$0")/lib/fresh.sh"
fresh scikit-image==0.26.0 pillow==13.0.0 numpy==2.4.6 scipy==1.17.1
python - <<'END'
import warnings

import numpy as np
from PIL import Image
from skimage.io import imread

warnings.simplefilter("ignore")
grey = Image.fromarray(np.full((6, 5), 128, np.uint8))
found = {}
for mode in ("RGB", "L"):
    grey.convert(mode).save(f"{mode}.png")
    found[mode] = imread(f"{mode}.png", as_gray=True)
    print(f"{mode:4} {found[mode].dtype} {found[mode].shape} {found[mode].ravel()[0]:.4f}")
assert found["RGB"].dtype == float and found["RGB"].max() < 0.51
assert found["L"].dtype == np.uint8 and found["L"].max() == 128, "changed"
grey.convert("LA").save("LA.png")
try:
    imread("LA.png", as_gray=True)
except ValueError as error:
    print("LA  ", error)
else:
    raise SystemExit("changed: grey with alpha is read")
END
