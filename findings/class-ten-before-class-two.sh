#!/usr/bin/env bash
# Guess: class_encode_column turns a column of whole numbers 0 to 11 into a ClassLabel with these numbers.
# What happens: the numbers are sorted as text (0, 1, 10, 11, 2, ...) and numbered anew, so class 2 becomes 4 and 10
# becomes 2. Up to ten classes nothing changes. The new numbers are in Parquet, NumPy and PyTorch; only the names of the
# feature tell. cast_column with the same names in another order does the contrary: numbers stay, names change.
# Versions: datasets 5.2.0.
# Why it matters: train_test_split(stratify_by_column=...) takes a ClassLabel only, and class_encode_column is the way
# to one. A model, a class weight or a list of names from before then belongs to other classes.
# Guard: hemline/tables/table_file.py reads the names of a ClassLabel with its numbers, and hemline/data/labels.py sorts
# names that are numbers by their value.
set -euo pipefail
source "$(dirname "$0")/lib/fresh.sh"
fresh datasets==5.2.0
python - <<'END'
import datasets
from datasets import ClassLabel, Dataset

datasets.disable_progress_bars()
for classes in (10, 12):
    labels = list(range(classes))
    encoded = Dataset.from_dict({"label": labels}).class_encode_column("label")
    print(classes, "classes:", encoded["label"][:], "names:", encoded.features["label"].names)
    assert (encoded["label"][:] == labels) == (classes == 10), "changed: numbers stay, or ten classes change as well"
assert encoded["label"][2] == 4
assert encoded["label"][10] == 2
encoded.to_parquet("encoded.parquet")
again = Dataset.from_parquet("encoded.parquet").with_format("numpy")
assert again["label"][2] == 4
pets = Dataset.from_dict({"label": [0, 1]}).cast_column("label", ClassLabel(names=["cat", "dog"]))
swapped = pets.cast_column("label", ClassLabel(names=["dog", "cat"]))
names = [[each.features["label"].int2str(label) for label in each["label"]] for each in (pets, swapped)]
print("names in another order:", names)
assert names == [["cat", "dog"], ["dog", "cat"]], "changed: names stay"
END
