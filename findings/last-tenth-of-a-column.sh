#!/usr/bin/env bash
# Guess: a label that does not fit the type that frictionless inferred for its column is an error, or makes the
# column one of strings, as in pandas.
# What happens: the type is settled as soon as nine tenths of the rows that are looked at fit it, of 100 at most.
# Each label after these that does not fit is None: no error, no warning, exit status 0. Of ten rows 0 to 8 and
# 'other', the last has no label; with 'other' in the first row, all ten are strings. A table converted to CSV has
# an empty cell there. Only validate tells.
# Versions: frictionless 5.21.0, pandas 3.1.1.
# Why it matters: tables of labels are sorted by class, so that names come after numbers: 0 to 9, then 'other'. The
# images stay without a label, or are dropped with all that have none.
# Guard: hemline/tables/kinds.py looks at all values of a column, and a column with one word is one of names for
# hemline/data/labels.py.
set -euo pipefail
source "$(dirname "$0")/lib/fresh.sh"
fresh frictionless[pandas]==5.21.0 pandas==3.1.1
python -W error - <<'END'
import csv
import io
import subprocess
from pathlib import Path

import pandas as pd
from frictionless import Resource, extract, validate


def labels_read(labels):
    rows = "".join(f"{number}.png,{label}\n" for number, label in enumerate(labels))
    Path("labels.csv").write_text("image,label\n" + rows)
    return [row["label"] for row in extract("labels.csv")["labels"]]


for labels in ([*range(9), "other"], ["other", *range(9)]):
    read = labels_read(labels)
    print(f"{labels} is read as {read}")
    lost = labels[-1] == "other"
    assert read == ([*range(9), None] if lost else [*map(str, labels)]), "changed: labels of ten rows"
thousand = [*(number % 10 for number in range(900)), *["other"] * 90, *["10a", 0.5] * 5]
read = labels_read(thousand)
frame = Resource("labels.csv").to_pandas()
by_pandas = pd.read_csv("labels.csv")["label"]
print(f"of 1,000 rows, {read.count(None)} have no label, in pandas {frame['label'].isna().sum()}; "
      f"read by pandas itself {by_pandas.isna().sum()}")
assert read == [*thousand[:900], *[None] * 100] and frame["label"].isna().sum() == 100, "changed"
assert by_pandas.tolist() == [*map(str, thousand)]
done = subprocess.run(["frictionless", "extract", "labels.csv", "--csv"], check=True, capture_output=True, text=True)
told = [row["label"] for row in csv.DictReader(io.StringIO(done.stdout))]
print(f"frictionless extract --csv: exit status {done.returncode}, stderr {done.stderr!r}, labels {told[898:903]} ...")
assert told[900:] == [""] * 100 and done.stderr == "", "changed"
print(f"frictionless validate: valid {validate('labels.csv').valid}")
assert not validate("labels.csv").valid
END
