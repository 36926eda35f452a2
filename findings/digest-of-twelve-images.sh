#!/usr/bin/env bash
# Guess: the digest that MLflow gives a data set, and shows beside each run, changes when images or labels change.
# What happens: it is of the first 10,000 numbers of the flattened array and the shape: of 60,000 images of 28 x 28
# pixels, the first twelve and the upper part of the thirteenth. All others may be black, or in another order. Of labels
# it is the first 10,000. Of a data frame with a column of arrays, lists or bytes, it is the other columns only.
# Versions: mlflow 3.17.2.
# Why it matters: the digest is there to tell which data a run was trained on: a corrected, shuffled or wrongly
# preprocessed data set has the digest of the old one.
# Guard: hemline/tracking/mlflow_run.py passes a digest of its own, of the SHA-256 of all files
# (hemline/data/description.py).
set -euo pipefail
source "$(dirname "$0")/lib/fresh.sh"
fresh mlflow==3.17.2 numpy==2.4.6 pandas==2.3.3
python - <<'END'
import os

os.environ["MLFLOW_DISABLE_TELEMETRY"] = "true"
import numpy as np
import pandas as pd
from mlflow import data

random = np.random.default_rng(0)
images, labels = random.integers(0, 256, (60_000, 28, 28), np.uint8), random.integers(0, 10, 60_000)


def digest(text, some_images, some_labels):
    found = data.from_numpy(some_images, targets=some_labels).digest
    print(f"{text:46} {found}")
    return found


first = digest("60,000 images", images, labels)
black, other, zeros = images.copy(), images.copy(), labels.copy()
black[13:], zeros[10_000:] = 0, 0
other[0, 0, 0] ^= 1
assert digest("all black but the first 13", black, labels) == first, "changed: all images count"
assert digest("all labels 0 but the first 10,000", images, zeros) == first, "changed: all labels count"
assert digest("another first pixel", other, labels) != first
frames = [pd.DataFrame({"image": [image.tobytes() for image in some], "label": labels[:100]})
          for some in (images[:100], 255 - images[:100])]
found = [data.from_pandas(frame).digest for frame in frames]
print("a data frame of bytes and one of their negatives:", *found)
assert found[0] == found[1], "changed: columns of bytes count"
END
