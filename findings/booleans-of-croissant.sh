#!/usr/bin/env bash
# Guess: a field of the type Boolean in a data set's Croissant description is False where the file says no, 0 or
# "False", or is refused.
# What happens: everything but an empty text is True. Values that reach the field as text are given to Python's
# bool(): "False" and "0" from JSON lines, `no` from a CSV file, and all that a regular expression takes from a
# name. It depends on the other rows: in a CSV file whose other values are True and False, False is False; beside
# one `unknown`, it is True. A whole number is cut off in the same way: 2.9 is 2.
# Versions: mlcroissant 1.1.1, pandas 3.1.1.
# Why it matters: this is how hubs of data sets describe them to loaders. A flag such as "is for testing" or "has a
# defect" is True for every image, and the numbers of rows are right.
# Guard: none needed: Hemline reads no Croissant; labels are names to hemline/data/labels.py, so that False and True
# are two classes, and parts are named by folders and columns (hemline/data/parts.py).
set -euo pipefail
source "$(dirname "$0")/lib/fresh.sh"
fresh mlcroissant==1.1.1 pandas==3.1.1 numpy==2.4.6
python - <<'END'
import hashlib
import json
import logging
from pathlib import Path

import mlcroissant as mlc

logging.disable(logging.WARNING)  # the description has no licence, version, ...


def read(path, text, column="defect", kind=mlc.DataType.BOOL, regex=None):
    """Return the values of one field of a file, as its description tells."""
    Path(path).write_text(text)
    form = "text/csv" if path.endswith("csv") else "application/jsonlines"
    file = mlc.FileObject(id="file", name="file", content_url=path, encoding_formats=[form],
                          sha256=hashlib.sha256(Path(path).read_bytes()).hexdigest())
    source = mlc.Source(file_object="file", extract=mlc.Extract(column=column),
                        transforms=[mlc.Transform(regex=regex)] if regex else [])
    field = mlc.Field(id="rows/value", name="value", data_types=kind, source=source)
    rows = mlc.RecordSet(id="rows", name="rows", fields=[field])
    described = mlc.Metadata(name="images", distribution=[file], record_sets=[rows])
    Path("croissant.json").write_text(json.dumps(described.to_json(), default=str))
    found = [record["rows/value"] for record in mlc.Dataset(jsonld="croissant.json").records("rows")]
    print(f"{path:10} {' '.join(text.split()):58} {found}")
    return found


names = "image\n1_0.png\n2_1.png\n"
assert read("a.csv", "defect\nFalse\nTrue\n") == [False, True]
assert read("b.csv", "defect\nFalse\nTrue\nunknown\n") == [True, True, True], "changed"
assert read("c.csv", "defect\nno\nyes\n") == [True, True], "changed"
assert read("d.jsonl", '{"defect": false}\n{"defect": true}\n') == [False, True]
assert read("e.jsonl", '{"defect": "False"}\n{"defect": "0"}\n{"defect": ""}\n') == [True, True, False], "changed"
assert read("f.csv", names, column="image", regex=r"_(\d)\.png$") == [True, True], "changed"
assert read("g.csv", "defect\n2.9\n3.0\n", kind=mlc.DataType.INTEGER) == [2, 3], "changed"
END
