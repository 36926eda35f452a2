#!/usr/bin/env bash
# Guess: tf.random.stateless_uniform is a function of shape and seed alone; that is what stateless means.
# What happens: the same call with the same seed gives other numbers inside tf.function(jit_compile=True). Which
# algorithm is taken ("auto_select") depends on the compiler; with alg="philox" the two agree.
# Versions: tensorflow 2.21.0 on a CPU.
# Why it matters: Keras compiles by itself where it finds that it can (jit_compile="auto"), so dropout masks and
# augmentation change with that, on the same machine and from the same seed.
# Guard: hemline/training/dropout.py names its algorithm, and is always compiled.
set -euo pipefail
source "$(dirname "$0")/lib/fresh.sh"
fresh tensorflow==2.21.0 numpy==2.4.6
python - <<'END'
import os

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
import tensorflow as tf


def drawn(jit, **options):
    call = tf.function(lambda: tf.random.stateless_uniform([3], seed=[1, 2], **options), jit_compile=jit)
    return call().numpy().tolist()


print("plain:   ", drawn(False), "\ncompiled:", drawn(True))
print("philox, plain:   ", drawn(False, alg="philox"), "\nphilox, compiled:", drawn(True, alg="philox"))
assert drawn(False) != drawn(True), "changed"
assert drawn(False, alg="philox") == drawn(True, alg="philox")
END
