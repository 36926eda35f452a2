#!/usr/bin/env bash
# Guess: a grey image of 16 bits that astropy saved as FITS is the same image for Pillow, which lists FITS among its
# formats.
# What happens: every pixel is larger by 32,768 and the last row is the first. FITS has no unsigned type of 16 bits,
# so the file holds the value less 32,768 and an offset (BZERO) to add; Pillow does not add it, and takes the signed
# numbers for unsigned ones, so that -5 is 65,531. It turns the picture over, as FITS counts rows from the bottom,
# which astropy does not. imageio, asked for no plugin, reads with Pillow. Bytes and floating point numbers have the
# right values.
# Versions: Pillow 13.0.0, astropy 8.0.2, imageio .
# Why it matters: pictures of galaxies come as FITS, of which many are read by astropy, and a single one for a look
# by imageio. Scaled to 0..1, all pixels lie between 0.5 and 1.
# Guard: none needed: files .fits are no pictures for hemline/images/tree.py, which knows pictures by their ending
# or their first bytes, and they are named as not used.
set -euo pipefail
source "$(dirname "$0")/lib/fresh.sh"
fresh Pillow==13.0.0 astropy==8.0.2 imageio==2.38.1 numpy==2.4.6
python -W error - <<'END'
import imageio.v3 as iio
import numpy as np
from astropy.io import fits
from PIL import Image

counts = np.arange(0, 3000, 250).reshape(4, 3)
for dtype in (np.uint8, np.uint16, np.int16, np.float32):
    written = (counts // 20 if dtype is np.uint8 else counts - 500 if dtype is np.int16 else counts).astype(dtype)
    fits.PrimaryHDU(written).writeto("image.fits", overwrite=True)
    assert (fits.getdata("image.fits") == written).all()
    with Image.open("image.fits") as image:
        pillow = np.asarray(image)
    by_default = iio.imread("image.fits")
    print(f"{dtype.__name__:8} first row written {written[0]}, read by Pillow {pillow[0]}, by imageio {by_default[0]}; "
          f"last row written {written[-1]}, read by Pillow {pillow[-1]}")
    expected = written[::-1].astype(int)
    if dtype is np.uint16:
        expected = expected + 32768
    if dtype is np.int16:
        expected = expected % 65536
    assert (pillow == expected).all(), "changed: Pillow reads FITS as astropy does"
    assert (by_default == pillow).all(), "changed: imageio's plugin"
    assert (iio.imread("image.fits", plugin="FITS") == written).all()
END
