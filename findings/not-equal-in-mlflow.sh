#!/usr/bin/env bash
# Guess: the filter params.optimizer != 'adam' finds all runs but those with adam, and metrics.gain != 0.9 all but
# those with 0.9; what is neither below nor above 0 is 0.
# What happens: a run without the parameter, or without the tag, is not found by != (nor by =). A metric that is NaN is
# found by != and by no other comparison, though it is stored as 0 with a flag; infinity is stored as 1.797e308, and is
# found by < 1.8e308.
# Versions: mlflow 3.17.2 with SQLite.
# Why it matters: "all runs that are not of the old code" (tags.code != 'old') leaves out every run from before the tag
# was introduced; a clean-up or a promotion by such a filter acts on fewer runs than it names.
# Guard: hemline/tracking finds runs by equality on tags that it writes on every run, and compares figures in Python.
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
experiment = client.create_experiment("found", artifact_location=os.getcwd())
runs = {"adam": (0.9, "adam"), "sgd": (-0.5, "sgd"), "nan": (float("nan"), "sgd"), "infinite": (float("inf"), "sgd"),
        "bare": (None, None)}
for name, (gain, optimizer) in runs.items():
    run = client.create_run(experiment, run_name=name).info.run_id
    if gain is not None:
        client.log_metric(run, "gain", gain)
        client.log_param(run, "optimizer", optimizer)


def found(text):
    names = {run.info.run_name for run in client.search_runs([experiment], text)}
    print(f"{text:32} {sorted(names)}")
    return names


assert found("params.optimizer != 'adam'") == {"sgd", "nan", "infinite"}, "changed"
assert found("tags.code != 'old'") == set(), "changed"
assert found("metrics.gain != 0.9") == {"sgd", "nan", "infinite"}, "changed"
assert found("metrics.gain < 0.9") | found("metrics.gain >= 0.9") == {"adam", "sgd", "infinite"}, "changed"
assert found("metrics.gain = 0") == set()
assert found("metrics.gain < 1.8e308") >= {"infinite"}
END
