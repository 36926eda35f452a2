#!/usr/bin/env bash
# Guess: of several values logged under one name, a run shows the last one logged.
# What happens: it shows the largest by (step, time in milliseconds, value). A summary logged after the epochs without
# a step has step 0 and is never shown; of two values of one step within a millisecond the larger one is, whichever
# came last: a loss that was corrected from 2 to 1 stays 2.
# Versions: mlflow 3.17.2 with SQLite.
# Why it matters: the table of runs, search_runs and the comparison all take this value; "log the final test accuracy
# under the same name" silently shows the last epoch's instead.
# Guard: hemline/tracking logs epochs and results under different names (val_accuracy, test_accuracy), one value a
# step.
set -euo pipefail
source "$(dirname "$0")/lib/fresh.sh"
fresh mlflow==3.17.2
python - <<'END'
import os

os.environ["MLFLOW_DISABLE_TELEMETRY"] = "true"
import mlflow
from mlflow import MlflowClient

mlflow.set_tracking_uri("sqlite:///runs.db")
client = MlflowClient()
experiment = client.create_experiment("shown", artifact_location=os.getcwd())


def shown(values):
    run = client.create_run(experiment).info.run_id
    for value, step, time in values:
        client.log_metric(run, "metric", value, timestamp=time, step=step)
    return client.get_run(run).data.metrics["metric"]


summary = shown([(0.1, 1, 1000), (0.2, 2, 2000), (0.3, 3, 3000), (0.99, 0, 4000)])
instant = shown([(2.0, 0, 1000), (1.0, 0, 1000)])
later = shown([(2.0, 0, 1000), (1.0, 0, 1001)])
print("0.1, 0.2, 0.3 at steps 1 to 3, then 0.99 without a step: shown", summary)
print("2.0, then 1.0 in the same millisecond: shown", instant)
print("2.0, then 1.0 a millisecond later:     shown", later)
assert (summary, instant, later) == (0.3, 2.0, 1.0), "changed"
END
