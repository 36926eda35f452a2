#!/usr/bin/env bash
# Guess: an array of float pixels that a library read from an IDX file is like any other: what cannot read its type
# says so, or converts it.
# What happens: idx2numpy returns the file's byte order, big-endian (dtype ">f4", whose name is "float32"); NumPy and
# scikit-learn calculate with it correctly. ONNX Runtime, OpenCV and pyarrow's Tensor take its bytes as if they were in
# the machine's order, and call the result float32: 1.0 becomes 4.6e-41, so every image is black. The accuracy of the
# same classifier falls from 0.93 in scikit-learn to 0.10 in ONNX Runtime. pyarrow.array, and duckdb, refuse the array.
# Versions: idx2numpy 1.2.3, onnxruntime 1.32.0, OpenCV 5.0.0, pyarrow 25.0.1, duckdb 2.0.1; on a little-endian
# machine.
# Why it matters: arrays of bytes have no order, so it works for MNIST, until pixels are saved as floats or 16-bit
# numbers. A big-endian .npy file is loaded in the same order. A check of shape and dtype.name finds nothing.
# Guard: hemline/formats/format.py converts images to uint8, uint16 or float32 in the machine's order, whatever order
# the file has.
set -euo pipefail
source "$(dirname "$0")/lib/fresh.sh"
fresh idx2numpy==1.2.3 onnxruntime==1.32.0 skl2onnx==1.20.0 onnx==1.23.2 opencv-python-headless==5.0.0.93 pyarrow==25.0.1 duckdb==2.0.1 pandas==3.1.1 scikit-learn==1.9.1 numpy==2.4.6 scipy==1.17.1
python -W error - <<'END'
import cv2
import duckdb
import idx2numpy
import numpy as np
import onnxruntime
import pandas as pd
import pyarrow
from skl2onnx import to_onnx
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression

pixels, labels = load_digits(return_X_y=True)
pixels = (pixels / 16).astype(np.float32)
model = LogisticRegression(max_iter=1000).fit(pixels[:1000], labels[:1000])
session = onnxruntime.InferenceSession(to_onnx(model, pixels[:1], options={"zipmap": False}).SerializeToString())
idx2numpy.convert_to_file("test.idx", pixels[1000:])
test, expected = idx2numpy.convert_from_file("test.idx"), labels[1000:]
print(f"read from IDX: {test.dtype.name}, {test.dtype.str}; equal to what was saved: {(test == pixels[1000:]).all()}")
assert test.dtype == ">f4" and test.dtype.name == "float32" and (test == pixels[1000:]).all()


def by_onnx(images):
    return (session.run(None, {"X": images})[0] == expected).mean()


native = test.astype(np.float32)
accuracies = [model.score(test, expected), by_onnx(native), by_onnx(test)]
print("accuracy: scikit-learn {:.2f}, ONNX Runtime {:.2f} after astype, {:.2f} as read".format(*accuracies))
assert min(accuracies[:2]) > 0.9
assert accuracies[2] < 0.2, "changed: the byte order is respected, or refused"
image = test[0].reshape(8, 8)
halved, right = cv2.resize(image, (4, 4)), cv2.resize(image.astype(np.float32), (4, 4))
print(f"OpenCV, resized: brightest pixel {halved.max():.1e} ({halved.dtype}) instead of {right.max():.2f}")
assert halved.dtype == np.float32 and halved.max() < 1e-30 and right.max() > 0.5, "changed"
tensor = pyarrow.Tensor.from_numpy(test)
print(f"pyarrow.Tensor: {tensor.type}, brightest pixel {tensor.to_numpy().max():.1e} instead of {test.max():.2f}")
assert tensor.to_numpy().max() < 1e-30, "changed"
frame = pd.DataFrame({"pixel": test[0]})
readers = {"pyarrow.array": lambda: pyarrow.array(test[0]), "duckdb": lambda: duckdb.query("from frame").fetchall()}
for name, read in readers.items():
    try:
        read()
    except Exception as error:
        print(f"{name}: {type(error).__name__}")
    else:
        raise AssertionError(f"changed: {name} takes it")
END
