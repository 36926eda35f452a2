#!/usr/bin/env bash
# Guess: the numbers under a categorical column (to_physical) count the names of this column, in the order in which they
# appear; and a table that is read from Parquet and written again has the class numbers that it had.
# What happens: all columns in memory share their numbers: ["coat", "bag", "shirt"] is 0, 1, 2 in a fresh process, 2, 1,
# 0 while a column with "shirt" and "bag" exists, and 0, 1, 2 again once that one is deleted. And where pandas wrote a
# categorical of shirt, bag, coat and dress, in this order, Polars writes one that pandas reads as coat, bag, shirt:
# cat.codes are different, and a class is missing.
# Versions: polars 2.1.0, pandas 3.1.1, pyarrow 25.0.1. pl.Enum has an order of its own and keeps it.
# Why it matters: to_physical and cat.codes turn names into class numbers. A test set that is read beside the training
# set, and one that is read alone, get different numbers, and then a model's answers get the wrong names.
# Guard: hemline/tables/kinds.py resolves dictionaries to their values, and hemline/data/labels.py numbers these over all
# parts at once.
set -euo pipefail
source "$(dirname "$0")/lib/fresh.sh"
fresh polars==2.1.0 pandas==3.1.1 pyarrow==25.0.1 numpy==2.4.6
cat >classes.py <<'END'
import sys

import polars as pl

keep, kept = sys.argv[1] == "keep", []
for names in map(str.split, sys.argv[2:]):
    column = pl.Series(names).cast(pl.Categorical)
    print(*column.to_physical(), end="; ")
    kept.append(column if keep else None)
    del column
END
alone=$(python classes.py keep "coat bag shirt")
beside=$(python classes.py keep "shirt bag" "coat bag shirt")
after=$(python classes.py drop "shirt bag" "coat bag shirt")
printf '%s\n' "coat bag shirt, in a fresh process:        $alone" "while shirt bag is in memory:              $beside" \
  "after shirt bag is no longer in memory:    $after"
[[ $alone == "0 1 2; " && $beside == "0 1; 2 1 0; " && $after == "0 1; 0 1 2; " ]]
python - <<'END'
import pandas as pd
import polars as pl

names = ["shirt", "bag", "coat", "dress"]
table = pd.DataFrame({"label": pd.Categorical(["coat", "bag", "shirt", "bag"], categories=names)})
table.to_parquet("pandas.parquet")
pl.read_parquet("pandas.parquet").write_parquet("polars.parquet")
found = {path: pd.read_parquet(path)["label"].cat for path in ("pandas.parquet", "polars.parquet")}
for path, labels in found.items():
    print(f"{path}: codes {labels.codes.tolist()} of {labels.categories.tolist()}")
assert found["pandas.parquet"].codes.tolist() == [2, 1, 0, 1]
assert found["polars.parquet"].codes.tolist() == [0, 1, 2, 1], "changed: class numbers pass through"
assert found["polars.parquet"].categories.tolist() == ["coat", "bag", "shirt"], "changed"
kept = table["label"].astype(str).tolist()
enum = pl.DataFrame({"label": pl.Series(kept, dtype=pl.Enum(names))})
enum.write_parquet("enum.parquet")
print("pl.Enum:       ", pl.read_parquet("enum.parquet")["label"].to_physical().to_list())
assert pl.read_parquet("enum.parquet")["label"].to_physical().to_list() == [2, 1, 0, 1]
END
