#!/usr/bin/env bash
# Guess: a float32 accuracy that is inserted into a REAL column is a number there, or the insertion is refused.
# What happens: its four bytes are stored: SQLite's columns take any type, and Python passes on whatever has a
# buffer. No error is raised. Every such accuracy is greater than every number, so `accuracy > 1` finds all of them;
# ORDER BY compares the bytes, lowest first, and puts 0.5078125 after 0.5000001; AVG reads bytes as text, and the
# mean of 0.5, 0.7 and 0.91 is 111. A whole number of NumPy is 8 bytes that no `label = 7` finds. float64 is stored
# as a number, as Python's float is its base class; pandas and SQLAlchemy convert the others.
# Versions: numpy 2.4.6, pandas 3.1.1, SQLAlchemy 2.1.9, sqlite3 of Python 3.11.
# Why it matters: metrics are float32 and labels are NumPy's whole numbers in every framework, and small experiment
# logs are tables of SQLite. The table looks right until somebody computes with it.
# Guard: hemline/tracking/trials.py and hemline/tracking/mlflow_run.py pass Python's numbers to MLflow, which writes
# by SQLAlchemy.
set -euo pipefail
source "$(dirname "$0")/lib/fresh.sh"
fresh numpy==2.4.6 pandas==3.1.1 SQLAlchemy==2.1.9
python -W error - <<'END'
import sqlite3

import numpy as np
import pandas as pd
import sqlalchemy as sa

accuracies = {"a": 0.5, "b": 0.91, "c": 0.7}


def facts(connection):
    one = lambda query: connection.execute(query).fetchall()
    return (one("SELECT avg(accuracy) FROM runs")[0][0], one("SELECT count(*) FROM runs WHERE accuracy > 1")[0][0],
            one("SELECT DISTINCT typeof(accuracy) FROM runs")[0][0])


found = {}
for dtype in (np.float64, np.float32, np.float16):
    connection = sqlite3.connect(":memory:")
    connection.execute("CREATE TABLE runs (name TEXT, accuracy REAL)")
    connection.executemany("INSERT INTO runs VALUES (?, ?)", [(key, dtype(each)) for key, each in accuracies.items()])
    found[dtype.__name__] = facts(connection)
    print(f"{dtype.__name__}: mean accuracy {found[dtype.__name__][0]:.2f}, runs with accuracy > 1: "
          f"{found[dtype.__name__][1]}, stored as {found[dtype.__name__][2]}")
assert abs(found["float64"][0] - 0.7033) < 1e-4 and found["float64"][1:] == (0, "real")
assert found["float32"] == (111.0, 3, "blob"), "changed"
assert found["float16"][1:] == (3, "blob"), "changed"

connection = sqlite3.connect(":memory:")
connection.execute("CREATE TABLE runs (name TEXT, accuracy REAL, label INTEGER)")
rows = [("low", np.float32(0.5000001), np.int64(7)), ("high", np.float32(0.5078125), np.int64(7)), ("number", 0.99, 7)]
connection.executemany("INSERT INTO runs VALUES (?, ?, ?)", rows)
order = [name for (name,) in connection.execute("SELECT name FROM runs ORDER BY accuracy DESC")]
(sevens,) = connection.execute("SELECT count(*) FROM runs WHERE label = 7").fetchone()
print("best first:", order, "- runs with label 7:", sevens, "of 3")
assert order == ["low", "high", "number"] and sevens == 1, "changed"

frame = pd.DataFrame({"name": accuracies.keys(), "accuracy": np.array([*accuracies.values()], np.float32)})
connection = sqlite3.connect(":memory:")
frame.to_sql("runs", connection)
assert abs(facts(connection)[0] - 0.7033) < 1e-4
runs = sa.Table("runs", meta := sa.MetaData(), sa.Column("accuracy", sa.Float))
meta.create_all(engine := sa.create_engine("sqlite://"))
with engine.begin() as transaction:
    transaction.execute(runs.insert(), [{"accuracy": np.float32(each)} for each in accuracies.values()])
    assert abs(transaction.execute(sa.select(sa.func.avg(runs.c.accuracy))).scalar() - 0.7033) < 1e-4
END
