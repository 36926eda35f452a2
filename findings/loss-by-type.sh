#!/usr/bin/env bash
# Guess: the log loss of the same probabilities is the same, whether they are float32 or float64.
# What happens: a probability of 0 is replaced by the smallest step of its type before the logarithm. One image of
# which a model is surely wrong costs 36.0 in float64, 15.9 in float32, 6.9 in float16.
# Versions: scikit-learn 1.9.1.
# Why it matters: a softmax in float32 rounds to 0 easily. Written to a CSV file and read again, the same predictions
# have another loss, and a model with ten sure mistakes in 10,000 images is 0.02 worse; a comparison by loss can turn
# around.
# Guard: image_losses in hemline/comparison/metrics.py clips at the step of float32, whatever the type.
set -euo pipefail
source "$(dirname "$0")/lib/fresh.sh"
fresh scikit-learn==1.9.1 numpy==2.4.6 scipy==1.17.1
python - <<'END'
import numpy as np
from sklearn.metrics import log_loss

answers = np.array([[0.0, 1.0], [0.5, 0.5]])
found = {kind.__name__: log_loss([0, 1], answers.astype(kind), normalize=False) - np.log(2)
         for kind in (np.float16, np.float32, np.float64)}
print({name: round(float(loss), 2) for name, loss in found.items()})
assert abs(found["float64"] - 36.04) < 0.01 and abs(found["float32"] - 15.94) < 0.01, "changed"
assert found["float16"] < 7
END
