#!/usr/bin/env bash
# Guess: lossless=True keeps every pixel.
# What happens: where alpha is 0, the colours are replaced by others that pack better, unless exact=True is given too.
# Of random pixels, the colours of every transparent one are lost; PNG keeps them.
# Versions: Pillow 13.0.0 with the libwebp that it brings.
# Why it matters: whoever drops alpha afterwards (convert("RGB"), the usual step of a loader) trains on what is under
# it. A cut-out whose background was made transparent has its background back from PNG, and something else from WebP.
# Guard: hemline/images/picture.py lays transparent pictures on white or black; what is under alpha 0 never counts.
set -euo pipefail
source "$(dirname "$0")/lib/fresh.sh"
fresh pillow==13.0.0 numpy==2.4.6
python - <<'END'
import io

import numpy as np
from PIL import Image, features

pixels = np.random.default_rng(0).integers(0, 256, (16, 16, 4), dtype=np.uint8)
pixels[:8, :, 3] = 0


def changed(kind, **options):
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, kind, **options)
    with Image.open(file) as picture:
        back = np.asarray(picture.convert("RGBA"))
    return [float((back[rows] != pixels[rows]).any(axis=-1).mean()) for rows in (slice(8), slice(8, 16))]


found = {"WebP, lossless": changed("WEBP", lossless=True), "PNG": changed("PNG"),
         "WebP, lossless, exact": changed("WEBP", lossless=True, exact=True)}
print("libwebp", features.version("webp"))
for name, (hidden, seen) in found.items():
    print(f"{name:22} transparent pixels changed {100 * hidden:.0f} %, others {100 * seen:.0f} %")
assert found["WebP, lossless"][0] > 0.9, "changed"
assert found["WebP, lossless"][1] == 0 and found["PNG"] == found["WebP, lossless, exact"] == [0, 0]
END
