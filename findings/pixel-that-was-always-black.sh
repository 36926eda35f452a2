#!/usr/bin/env bash
# Guess: a feature that was constant in the training data is harmless after normalization, in Keras as in scikit-learn.
# What happens: Keras divides by max(standard deviation, 1e-7). A test pixel of 1/255 where the training set was black
# becomes 39,216, and a white one 10,000,000; scikit-learn's StandardScaler divides by 1 there, and gives 0.0039 and 1.
# Versions: keras 3.15.1 (jax backend), scikit-learn 1.9.1.
# Why it matters: the corners of MNIST-like images are black in every training image, and are set in a user's photo.
# One such pixel decides the answer of the network.
# Guard: hemline/data/scaling.py scales all pixels by one constant; there is no scaling by pixel.
set -euo pipefail
source "$(dirname "$0")/lib/fresh.sh"
fresh keras==3.15.1 jax==0.10.2 scikit-learn==1.9.1 numpy==2.4.6 scipy==1.17.1
python - <<'END'
import os

os.environ["KERAS_BACKEND"] = "jax"
import keras
import numpy as np
from sklearn.preprocessing import StandardScaler

train = np.c_[np.zeros(100), np.linspace(0, 1, 100)].astype(np.float32)
test = np.array([[0, 0.5], [1 / 255, 0.5], [1, 0.5]], np.float32)
layer = keras.layers.Normalization()
layer.adapt(train)
by_keras = np.asarray(layer(test))[:, 0]
by_sklearn = StandardScaler().fit(train).transform(test)[:, 0]
print("test pixels, constant in training:", test[:, 0], "\nKeras:       ", by_keras, "\nscikit-learn:", by_sklearn)
assert by_keras[0] == 0 and by_keras[1] > 39_000 and by_keras[2] > 9e6, "changed"
assert (by_sklearn == test[:, 0]).all()
END
