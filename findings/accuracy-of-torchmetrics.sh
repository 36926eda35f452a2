#!/usr/bin/env bash
# Guess: torchmetrics.Accuracy(task="multiclass") and torchmetrics.classification.MulticlassAccuracy, to which it
# leads, are one metric: the share of right answers.
# What happens: the first averages over images, the second over classes (balanced accuracy), each by default. With 90
# of 100 labels in one class, always answering it has 0.9 by the one and 0.5 by the other.
# Versions: torchmetrics 1.9.0.
# Why it matters: logs of two projects, or before and after a tidy-up of imports, are compared as "accuracy". With
# equal classes the two agree, so tests on MNIST do not notice.
# Guard: accuracy and balanced accuracy have different names everywhere (hemline/comparison/metrics.py).
set -euo pipefail
source "$(dirname "$0")/lib/fresh.sh"
fresh torchmetrics==1.9.0 torch==2.13.0 numpy==2.4.6 setuptools==80.9.0
python - <<'END'
import torch
import torchmetrics

labels, answers = torch.tensor([0] * 90 + [1] * 10), torch.zeros(100, dtype=int)
short = torchmetrics.Accuracy(task="multiclass", num_classes=2)
long = torchmetrics.classification.MulticlassAccuracy(num_classes=2)
print("Accuracy(task='multiclass'):", float(short(answers, labels)), "- returned object:", type(short).__name__)
print("MulticlassAccuracy():       ", float(long(answers, labels)))
assert type(short) is type(long)
assert abs(float(short(answers, labels)) - 0.9) < 1e-6 and float(long(answers, labels)) == 0.5, "changed"
END
