#!/usr/bin/env bash
# Guess: load_weights puts weights into the layers of the names that they were saved from, or says what does not fit.
# What happens: in a .weights.h5 file layers are called by their class and their place (dense, dense_1), whatever names
# they were given. Two layers of one shape that have changed places, with their names, get each other's weights: no
# error.
# Versions: keras 3.15.1 (jax backend).
# Why it matters: names are given just so that weights find their layer when a network is rearranged. by_name=True,
# which did that for the old .h5 files, is refused for .weights.h5.
# Guard: a model is saved whole (.keras) with its layers; checkpoints are taken up by the same recipe only.
set -euo pipefail
source "$(dirname "$0")/lib/fresh.sh"
fresh keras==3.15.1 jax==0.10.2 scikit-learn==1.9.1 numpy==2.4.6 scipy==1.17.1
python - <<'END'
import os

os.environ["KERAS_BACKEND"] = "jax"
import h5py
import keras


def network(*names):
    return keras.Sequential([keras.Input((3,)), *(keras.layers.Dense(3, name=name) for name in names)])


def kernel(model, name):
    return model.get_layer(name).get_weights()[0]


saved = network("edges", "shapes")
saved.save_weights("model.weights.h5")
with h5py.File("model.weights.h5") as file:
    print("layers in the file:", sorted(file["layers"]))
loaded = network("shapes", "edges")
loaded.load_weights("model.weights.h5")
same = (kernel(loaded, "edges") == kernel(saved, "edges")).all()
swapped = (kernel(loaded, "edges") == kernel(saved, "shapes")).all()
print("'edges' has its own weights:", bool(same), "- those of 'shapes':", bool(swapped))
assert swapped and not same, "changed"
END
