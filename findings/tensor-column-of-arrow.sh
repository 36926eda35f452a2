#!/usr/bin/env bash
# Guess: a column of Arrow's fixed-shape tensors, images of 2 x 3, comes to pandas as arrays of 2 x 3, and a Parquet
# file of it keeps the shape for whoever reads it.
# What happens: pandas is given arrays of 6; DuckDB reads a list of any length. The shape is in metadata of the
# extension type that only pyarrow heeds, and only until to_pandas().
# Versions: pyarrow 25.0.1, duckdb 2.0.1, pandas 3.1.1.
# Why it matters: rows of 784 numbers look like what a dense network wants. Where the stored permutation is not the
# identity (an array that was transposed), they are pixels in another order than the image's, and nothing says so.
# Guard: the description of a data set states the shape of its images, and hemline/data/description.py verifies it.
set -euo pipefail
source "$(dirname "$0")/lib/fresh.sh"
fresh pyarrow==25.0.1 duckdb==2.0.1 pandas==3.1.1 numpy==2.4.6
python - <<'END'
import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

images = np.arange(12, dtype=np.uint8).reshape(2, 2, 3)
turned = images.transpose(0, 2, 1)
table = pa.table({"image": pa.FixedShapeTensorArray.from_numpy_ndarray(images),
                  "turned": pa.FixedShapeTensorArray.from_numpy_ndarray(turned)})
pq.write_table(table, "images.parquet")
frame = pq.read_table("images.parquet").to_pandas()
kinds = duckdb.sql("describe select * from 'images.parquet'").fetchall()
back = pq.read_table("images.parquet")["turned"].combine_chunks().to_numpy_ndarray()
print("pandas: image", frame["image"][0], "turned", frame["turned"][0], "- pixels of the turned image", turned[0].ravel())
print("DuckDB:", [kind[:2] for kind in kinds])
assert frame["image"][0].shape == (6,), "changed"
assert frame["turned"][0].tolist() == images[0].ravel().tolist() != turned[0].ravel().tolist(), "changed"
assert kinds[0][1] == "UTINYINT[]", "changed"
assert (back == turned).all()
END
