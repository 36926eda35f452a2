#!/usr/bin/env bash
# Guess: load_svmlight_file reads what dump_svmlight_file of the same library wrote, both with their defaults.
# What happens: the one writes columns from 0, the other guesses: it takes a file without a column 0 as counted from 1,
# and has as many columns as the largest index. Images whose first and last pixels are never set come back moved by a
# pixel and narrower, without a warning.
# Versions: scikit-learn 1.9.1.
# Why it matters: MNIST and Fashion-MNIST are distributed in this format, and the first pixel of MNIST is never set.
# Test sets and folds, read file by file, then differ from the training set by a shift.
# Guard: Hemline reads no such files; docs/YOUR-DATA.md lists the formats, which name their columns or their shape.
set -euo pipefail
source "$(dirname "$0")/lib/fresh.sh"
fresh scikit-learn==1.9.1 numpy==2.4.6 scipy==1.17.1
python - <<'END'
import io

import numpy as np
from sklearn.datasets import dump_svmlight_file, load_svmlight_file

images = np.zeros((3, 3, 3))
images[:, 1, 1] = 1, 2, 3
images[:, 0, 2] = 4, 5, 6
file = io.BytesIO()
dump_svmlight_file(images.reshape(3, 9), [0, 1, 2], file)
print(file.getvalue().decode())
file.seek(0)
back, _ = load_svmlight_file(file)
file.seek(0)
right, _ = load_svmlight_file(file, zero_based=True, n_features=9)
print("written:", images[0].ravel(), "\nread:   ", back.toarray()[0])
assert back.shape == (3, 4), "changed"
assert (back.toarray() == images.reshape(3, 9)[:, 1:5]).all()
assert (right.toarray() == images.reshape(3, 9)).all()
END
