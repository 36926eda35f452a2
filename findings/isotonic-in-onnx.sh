#!/usr/bin/env bash
# Guess: a classifier with isotonic calibration has the same probabilities after it is exported to ONNX, but for the
# rounding to float32.
# What happens: scikit-learn interpolates between the points of the isotonic curve; the exported model takes the
# value of the nearest point. Of one image in fifteen a probability is different by more than 0.05, the largest
# difference is 0.9, and 12 of 597 images get another label. Of two classes, 50 different probabilities become 10.
# Sigmoid calibration is the same to 1e-6.
# Versions: skl2onnx 1.20.0, onnxruntime 1.32.0, scikit-learn 1.9.1.
# Why it matters: the probabilities are what one calibrates for. Log loss, reliability diagrams and thresholds are
# computed from the model in Python, and others are served; the fewer calibration images, the farther apart.
# Guard: none needed: Hemline exports no ONNX; hemline/comparison/calibration.py fits one temperature for each
# model, which hemline/tracking/served.py applies to the model that was evaluated.
set -euo pipefail
source "$(dirname "$0")/lib/fresh.sh"
fresh skl2onnx==1.20.0 onnxruntime==1.32.0 scikit-learn==1.9.1 numpy==2.4.6 scipy==1.17.1
python -W ignore::FutureWarning - <<'END'
import numpy as np
import onnxruntime
import skl2onnx
from sklearn.calibration import CalibratedClassifierCV
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss

images, digits = load_digits(return_X_y=True)
order = np.random.default_rng(0).permutation(len(digits))
images, digits = images[order].astype(np.float32), digits[order]
train, test = slice(0, 200), slice(1200, None)
for task, labels in {"ten digits": digits, "odd or even": digits % 2}.items():
    for method in ("sigmoid", "isotonic"):
        model = CalibratedClassifierCV(LogisticRegression(max_iter=2000), method=method, cv=2, ensemble=False)
        model.fit(images[train], labels[train])
        onnx = skl2onnx.to_onnx(model, images[:1], options={"zipmap": False}).SerializeToString()
        session = onnxruntime.InferenceSession(onnx, providers=["CPUExecutionProvider"])
        found, exported = session.run(None, {session.get_inputs()[0].name: images[test]})
        expected = model.predict_proba(images[test])
        apart = np.abs(exported - expected).max(axis=1)
        other = int((found != model.predict(images[test])).sum())
        exported = exported / exported.sum(axis=1, keepdims=True, dtype=np.float64)
        losses = [log_loss(labels[test], each) for each in (expected, exported)]
        values = [len(np.unique(each[:, 1].round(6))) for each in (expected, exported)]
        print(f"{task:11} {method:8} largest difference {apart.max():.3f}, above 0.05 {(apart > 0.05).mean():.1%}, "
              f"other labels {other}, log loss {losses[0]:.3f} -> {losses[1]:.3f}, values {values[0]} -> {values[1]}")
        if method == "sigmoid":
            assert apart.max() < 1e-4 and other == 0
        elif task == "ten digits":
            assert apart.max() > 0.5 and (apart > 0.05).mean() > 0.03 and other > 3, "changed: the export interpolates"
        else:
            assert apart.max() > 0.1 and values[0] > 3 * values[1], "changed: the export interpolates"
END
