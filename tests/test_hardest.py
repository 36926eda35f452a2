"""Which classes a model knows least."""

import numpy as np
import pandas as pd

from hemline.report.hardest import hardest_classes


def per_class(f1, support=9):
    names = [f"class {number}" for number in range(len(f1))]
    return pd.DataFrame({"f1": f1, "support": support}, index=names)


def test_the_lowest_f1_comes_first_and_ties_keep_their_order():
    f1 = np.full(30, 0.9)
    f1[[25, 3, 7]] = 0.1, 0.2, 0.2
    assert hardest_classes(per_class(f1)) == [25, 3, 7, 0, 1, 2, 4, 5, 6, 8]


def test_an_undefined_one_is_nothing_and_a_class_without_test_images_is_not_known_at_all():
    f1 = np.full(30, 0.9)
    f1[[4, 5]] = np.nan
    table = per_class(f1)
    table.loc["class 5", "support"] = 0
    assert hardest_classes(table)[:2] == [4, 0]
