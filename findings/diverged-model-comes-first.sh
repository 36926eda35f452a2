#!/usr/bin/env bash
# Guess: a model whose loss was logged as NaN shows NaN on the page of models, as its run does, and comes last when
# models are sorted by loss.
# What happens: a logged model's NaN is stored and returned as 0.0: search_logged_models sorts the diverged model
# before all others by ascending loss, and finds it by "metrics.loss < 0.4"; get_logged_model gives 0.0, too. For the
# run of the same call, search_runs has NaN, sorts it last, and does not find it. And where a metric was logged at
# several steps, the filter finds a model if any step fits, while sorting uses the last one.
# Versions: mlflow 3.17.2, with SQLite.
# Why it matters: a loss that overflows is what NaN is mostly logged for; "the model with the least loss" is then the
# broken one, and its 0.0 looks like a number that was measured.
# Guard: training ends with an error if a loss or weight is not finite (hemline/training/trainer.py), epoch_metrics in
# hemline/tracking/mlflow_run.py leaves out NaN, and hemline/comparison/scores.py accepts finite probabilities only.
set -euo pipefail
source "$(dirname "$0")/lib/fresh.sh"
fresh mlflow==3.17.2
export MLFLOW_DISABLE_TELEMETRY=true
python -W ignore - 2>messages <<'END' || { cat messages >&2; exit 1; }
import math

import mlflow

mlflow.set_tracking_uri("sqlite:///mlflow.db")
mlflow.set_experiment("digits")


def log(name, *losses):
    with mlflow.start_run(run_name=name):
        model = mlflow.initialize_logged_model(name=name)
        for step, loss in enumerate(losses):
            mlflow.log_metric("loss", loss, step=step, model_id=model.model_id)
        mlflow.finalize_logged_model(model.model_id, "READY")
    return model.model_id


def models(**question):
    return mlflow.search_logged_models(output_format="list", **question)


def losses(model):
    return [metric.value for metric in model.metrics]


log("good", 0.3)
diverged = log("diverged", float("nan"))
log("fair", 0.5)
by_loss = [{"field_name": "metrics.loss", "ascending": True}]
found = models(order_by=by_loss)
print("models by loss:   ", [(model.name, *losses(model)) for model in found])
runs = mlflow.search_runs(order_by=["metrics.loss ASC"])
run_names, run_losses = runs["tags.mlflow.runName"].tolist(), runs["metrics.loss"].tolist()
print("their runs:       ", [*zip(run_names, run_losses)])
below = [model.name for model in models(filter_string="metrics.loss < 0.4")]
runs_below = mlflow.search_runs(filter_string="metrics.loss < 0.4")["tags.mlflow.runName"].tolist()
print("loss < 0.4:        models", below, "runs", runs_below)
assert [model.name for model in found] == ["diverged", "good", "fair"], "changed: NaN is sorted otherwise"
assert losses(mlflow.get_logged_model(diverged)) == [0.0], "changed: the model's NaN is kept"
assert run_names == ["good", "fair", "diverged"] and math.isnan(run_losses[-1])
assert sorted(below) == ["diverged", "good"] and runs_below == ["good"]
log("worse with time", 0.1, 0.9)
below = sorted(model.name for model in models(filter_string="metrics.loss < 0.2"))
last = models(order_by=by_loss)[-1].name
print("loss 0.1, then 0.9: models below 0.2", below, "last by loss", last)
assert below == ["diverged", "worse with time"] and last == "worse with time"
assert mlflow.search_runs(filter_string="metrics.loss < 0.2").empty
END
