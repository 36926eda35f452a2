"""The runs of a pipeline's store, opened as whoever uses them opens them: figures, artifacts and models."""

import json

import pytest

COMPLETE = {"loss", "accuracy", "val_loss", "val_accuracy", "test_accuracy", "test_loss"}
# Opens every complete run: prints its epochs, seed and variant, its artifacts, and what its model makes of raw pixels.
OPEN_RUNS = """
import json, sys
import mlflow, numpy as np
from hemline.tracking import mlflow_run, store
opened = store.open_store("tiny")
for each in store.search(opened, "attributes.status = 'FINISHED'" + sys.argv[1]):
    params = each.data.params
    model = mlflow.keras.load_model(f"models:/{mlflow_run.model_id(each)}")
    print(json.dumps({
        "run": [params["variant"], int(params["seed"]), int(params["epochs"])],
        "experiment": each.data.tags.get("dvc_experiment"),
        "metrics": sorted(each.data.metrics),
        "artifacts": sorted(file.path for file in opened.client.list_artifacts(each.info.run_id)),
        "sums": float(np.asarray(model(np.full((1, 4, 5), 100, np.float32))).sum()),
    }))
"""


def opened_runs(pipeline, among=None):
    """Return every FINISHED run of the store, or those of ``among`` epochs, by (variant, seed, epochs); all full."""
    done = pipeline.run("python", "-c", OPEN_RUNS, f" and params.epochs = '{among}'" if among else "")
    found = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
    for run in found:
        assert set(run["metrics"]) >= COMPLETE, run
        assert set(run["artifacts"]) >= {"confusion_matrix.csv", "per_class.txt"}, run
        assert run["sums"] == pytest.approx(1, abs=1e-3)
    runs = {tuple(run["run"]): run["experiment"] for run in found}
    assert len(runs) == len(found), "a training stands twice in the store"
    return runs
