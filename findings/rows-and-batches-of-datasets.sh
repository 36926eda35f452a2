#!/usr/bin/env bash
# Guess: with_format("numpy") gives arrays of the declared types: uint8 for Array2D((28, 28), "uint8"), float64 for
# Value("float64"), for a row as for a slice.
# What happens: images of uint8 arrive as int64, eight times as large. A float64 column is float64 when one row is read
# and float32 when several are: times of ten pictures, a second apart, become one and the same number.
# Versions: datasets 5.2.0, numpy 2.4.6.
# Why it matters: who takes "value <= 1" or the type of an array as a sign of how images are scaled finds int64, and
# what groups, sorts or joins rows by a float column finds ties that a loop over rows does not.
# Guard: none needed: hemline/tables/table_file.py reads Parquet with pyarrow, which keeps the types of the file.
set -euo pipefail
source "$(dirname "$0")/lib/fresh.sh"
fresh datasets==5.2.0 numpy==2.4.6
python - <<'END'
import numpy as np
from datasets import Array2D, Dataset, Features, Value

images = np.arange(10 * 28 * 28, dtype=np.uint8).reshape(10, 28, 28)
times = 1_700_000_000.0 + np.arange(1, 11)
declared = Features({"image": Array2D((28, 28), "uint8"), "time": Value("float64")})
rows = Dataset.from_dict({"image": images, "time": times}, features=declared).with_format("numpy")
several = rows[:]
print("image:", images.nbytes, "bytes put in,", several["image"].nbytes, "bytes out,", several["image"].dtype)
print("time: ", rows[0]["time"].dtype, "in a row,", several["time"].dtype, "in a slice")
print("different times, row by row:", len({row["time"] for row in rows}), "- in a slice:", len(set(several["time"])))
assert several["image"].dtype == np.int64, "changed: images keep their type"
assert (several["image"] == images).all()
assert rows[0]["time"].dtype == np.float64
assert several["time"].dtype == np.float32, "changed: float64 stays"
assert len({row["time"] for row in rows}) == 10
assert len(set(several["time"])) == 1
assert (rows.with_format("arrow")[:]["time"].to_numpy() == times).all(), "what is stored is whole"
END
