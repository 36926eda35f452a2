#!/usr/bin/env bash
# Guess: a picture that is grey already, with red, green and blue equal, keeps its values when it is made grey.
# What happens: keras.ops.image.rgb_to_grayscale makes white 254, 128 to 127 and 1 to 0: its weights are 0.2989, 0.587
# and 0.114, which add up to 0.9999, and uint8 is cut off instead of rounded. All values but 0 lose one.
# Versions: keras 3.15.1 (jax backend; tf.image.rgb_to_grayscale has the same weights, but rounds).
# Why it matters: training data made grey by Keras and photos made grey by Pillow differ by one everywhere; masks and
# label images (1, 2, 3 ...) that were saved as RGB move by one class.
# Guard: hemline/images/picture.py takes grey files as they are, and converts with Pillow alone, for data and photos
# alike.
set -euo pipefail
source "$(dirname "$0")/lib/fresh.sh"
fresh keras==3.15.1 jax==0.10.2 scikit-learn==1.9.1 numpy==2.4.6 scipy==1.17.1
python - <<'END'
import os

os.environ["KERAS_BACKEND"] = "jax"
import keras
import numpy as np

values = np.arange(256, dtype=np.uint8)
grey = np.asarray(keras.ops.image.rgb_to_grayscale(np.repeat(values[None, :, None], 3, axis=-1))).ravel()
print("in: ", values[[0, 1, 2, 128, 254, 255]], "\nout:", grey[[0, 1, 2, 128, 254, 255]], grey.dtype)
print("values that changed:", int((grey != values).sum()))
assert (grey[1:].astype(int) == values[1:].astype(int) - 1).all() and grey[0] == 0, "changed"
END
