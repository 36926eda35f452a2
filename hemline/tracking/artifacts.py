"""Artifacts for people beside a run's metrics: its confusion matrix, and precision, recall and F1 of each class."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray


def texts(labels: NDArray[np.integer], predicted: NDArray[np.integer], classes: list[str]) -> dict[str, str]:
    """Return the contents of the files by their names, of true and predicted classes, int (images,)."""
    # By hand: scikit-learn would take a second to be imported, while a stage waits.
    count = len(classes)
    counts = np.bincount(labels.astype(np.int64) * count + predicted, minlength=count**2).reshape(count, count)
    right, images, taken = counts.diagonal(), counts.sum(axis=1), counts.sum(axis=0)
    with np.errstate(invalid="ignore"):  # NaN of a class without images, or one that nothing is taken for
        shares = {"precision": right / taken, "recall": right / images, "f1": 2 * right / (images + taken)}
    percents = {f"{name}, %": 100 * share for name, share in shares.items()}
    return {
        "confusion_matrix.csv": pd.DataFrame(counts, index=classes, columns=classes).to_csv(index_label="true"),
        "per_class.txt": pd.DataFrame(percents | {"images": images}, classes).to_string(float_format="{:.2f}".format),
    }
