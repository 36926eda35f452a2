"""Which classes a model knows least, where there are too many to look at all of them."""

import pandas as pd

# Up to this many classes, a table shows them all.
FEW = 20
LISTED = 10


def hardest_classes(per_class: pd.DataFrame) -> list[int]:
    """Choose the classes with the lowest F1, the hardest first, ties in the order of the classes.

    ``per_class`` has one row a class, with ``f1`` (NaN counts as 0) and ``support``, its number of test images. Classes
    without test images are left out; where the classes are 20 or fewer, none is chosen.
    """
    if len(per_class) <= FEW:
        return []
    f1 = per_class.reset_index(drop=True).query("support > 0")["f1"].fillna(0)
    return [int(place) for place in f1.sort_values(kind="stable").index[:LISTED]]
