"""What people read beside a run's figures: its confusion matrix, and precision, recall and F1 of each class."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from hemline.comparison.confusion import confusion

Run = tuple[str, int]  # a variant and a seed


def texts(labels: NDArray[np.integer], predicted: NDArray[np.integer], classes: list[str]) -> dict[str, str]:
    """Return the contents of the files by their names.

    Args:
        labels: int (images,), the true classes.
        predicted: int (images,).
        classes: the classes' names.
    """
    from sklearn.metrics import classification_report  # noqa: PLC0415 - whoever has the texts needs none

    counts = confusion(labels, predicted, len(classes))
    return {
        "confusion_matrix.csv": pd.DataFrame(counts, index=classes, columns=classes).to_csv(index_label="true"),
        "per_class.txt": classification_report(
            labels, predicted, labels=range(len(classes)), target_names=classes, zero_division=np.nan
        ),
    }
