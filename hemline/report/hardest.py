"""The classes with the lowest F1, if there are too many classes to show all."""

import pandas as pd

# The most classes that a table shows completely.
FEW = 20
LISTED = 10


def hardest_classes(per_class: pd.DataFrame) -> list[int]:
    """Choose the classes with the lowest F1, the hardest first, ties in the order of the classes.

    ``per_class`` has one row a class, with ``f1`` (NaN counts as 0) and ``support``, its number of test images. Classes
    without test images are left out; of 20 classes or fewer, none is chosen.
    """
    if len(per_class) <= FEW:
        return []
    f1 = per_class.reset_index(drop=True).query("support > 0")["f1"].fillna(0)
    return [int(place) for place in f1.sort_values(kind="stable").index[:LISTED]]
