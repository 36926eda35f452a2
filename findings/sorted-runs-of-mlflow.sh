#!/usr/bin/env bash
# Guess: runs sorted by a metric take about as long as runs sorted by their start, because a key leads to the metric.
# What happens: MLflow joins the runs with a subquery of the metric. SQLite has no counts of the rows, takes the subquery
# for a small one, and compares each run with each value: the square of the number of runs, for a page of ten. After
# SQLite's own ANALYZE (which MLflow never runs), the same statement looks each run up.
# Versions: mlflow 3.17.2 with SQLite.
# Why it matters: the UI and search_runs sort by a metric where people choose models. Ten of 5,000 runs take 2.9 seconds
# of the processor, and 0.03 unsorted; twice as many runs take four times as long.
# Guard: bring_along in hemline/tracking/store.py has the rows counted before the UI is served.
set -euo pipefail
source "$(dirname "$0")/lib/fresh.sh"
fresh mlflow==3.17.2
python - <<'END'
import os
import sqlite3
import time

os.environ["MLFLOW_DISABLE_TELEMETRY"] = "true"
from mlflow import MlflowClient

RUNS = 5000


def opened():
    return MlflowClient("sqlite:///runs.db")


experiment = opened().create_experiment("sorted", artifact_location=os.getcwd())
with sqlite3.connect("runs.db") as database:  # as log_metric writes them, in a minute less
    runs = [(f"{number:032x}", "active", experiment, "", "FINISHED", 0, 0) for number in range(RUNS)]
    columns = "run_uuid, lifecycle_stage, experiment_id, user_id, status, start_time, end_time"
    database.executemany(f"INSERT INTO runs ({columns}) VALUES (?, ?, ?, ?, ?, ?, ?)", runs)
    metrics = "latest_metrics (key, step, is_nan, run_uuid, value) VALUES ('accuracy', 1, 0, ?, ?)"
    database.executemany(f"INSERT INTO {metrics}", [(run, place) for place, (run, *_) in enumerate(runs)])
database.close()


def seconds(order):
    client = opened()
    client.search_runs([experiment], max_results=10)
    started = time.process_time()
    first = client.search_runs([experiment], order_by=order, max_results=10)[0].info.run_id
    return time.process_time() - started, first


by_start, _ = seconds(["attributes.start_time DESC"])
before, first = seconds(["metrics.accuracy DESC"])
database = sqlite3.connect("runs.db")
database.execute("ANALYZE")
database.close()
after, again = seconds(["metrics.accuracy DESC"])
print(f"{RUNS} runs, ten of them by start: {by_start:.3f} s; by a metric: {before:.3f} s; after ANALYZE: {after:.3f} s")
assert first == again
assert before > 5 * after, "changed"
END
