#!/usr/bin/env bash
# Guess: a mask of True and False saved by tifffile is the same mask for every reader.
# What happens: tifffile writes one bit a pixel with white as 0, and gives back what it wrote; Pillow and OpenCV heed
# the flag and read the negative. With grey of 8 bits and white as 0 it is the same. With 16 bits OpenCV reads the
# negative with IMREAD_GRAYSCALE and the numbers as they are with IMREAD_UNCHANGED.
# Versions: tifffile 2026.3.3, Pillow 13.0.0, opencv-python-headless 5.0.0.93.
# Why it matters: masks, binary characters and scans come in such files (fax, microscopes). A network trained on arrays
# of the one reader and served with the other sees every picture inverted.
# Guard: hemline/images/picture.py takes masks that tifffile saved as they were, in training and serving alike, and
# refuses white as 0 in 16 bits.
set -euo pipefail
source "$(dirname "$0")/lib/fresh.sh"
fresh tifffile==2026.3.3 imagecodecs==2026.3.6 Pillow==13.0.0 opencv-python-headless==5.0.0.93 numpy==2.4.6
python - <<'END'
import cv2
import numpy as np
import tifffile
from PIL import Image

mask = np.arange(12).reshape(3, 4) % 3 == 0
tifffile.imwrite("mask.tif", mask)
readers = {"tifffile": tifffile.imread, "Pillow": lambda path: np.asarray(Image.open(path)),
           "OpenCV": lambda path: cv2.imread(path, cv2.IMREAD_UNCHANGED)}
for name, read in readers.items():
    got = read("mask.tif") > 0
    print(f"mask   {name:9}", "as written" if (got == mask).all() else "negative" if (got == ~mask).all() else got)
    assert ((got == mask) if name == "tifffile" else (got == ~mask)).all(), "changed"
grey = np.arange(12, dtype=np.uint8).reshape(3, 4) * 20
tifffile.imwrite("grey.tif", grey, photometric="miniswhite")
for name, read in readers.items():
    print(f"8 bit  {name:9}", read("grey.tif")[0])
    assert (read("grey.tif") == (grey if name == "tifffile" else 255 - grey)).all(), "changed"
deep = grey.astype(np.uint16) * 257
tifffile.imwrite("deep.tif", deep, photometric="miniswhite")
plain, unchanged = cv2.imread("deep.tif", cv2.IMREAD_GRAYSCALE), cv2.imread("deep.tif", cv2.IMREAD_UNCHANGED)
print("16 bit OpenCV    IMREAD_GRAYSCALE", plain[0], "IMREAD_UNCHANGED", unchanged[0])
assert (unchanged == deep).all(), "changed"
assert (abs(plain.astype(int) - (255 - grey.astype(int))) <= 1).all(), "changed"
END
