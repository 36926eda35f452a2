"""Tags for runs that are known by their models, and the times that were recorded for them."""

from collections.abc import Mapping
from typing import Any

from mlflow.entities import RunTag

from hemline.tracking import store
from hemline.tracking.mlflow_run import BACKFILLED_TAG


def unknown_models(dataset: str, models: list[str]) -> list[str]:
    """Return those models, by SHA-256, that no finished run of the experiment ``dataset`` stands for."""
    known = _runs_by_model(dataset)
    return [sha256 for sha256 in models if sha256 not in known]


def tag_models(dataset: str, tags: Mapping[str, Mapping[str, str]]) -> None:
    """Set tags on the finished runs of models, whether they were just trained or long before.

    Args:
        dataset: the name of the MLflow experiment.
        tags: by the models' SHA-256.
    """
    opened = store.open_store(dataset)
    for sha256, runs in _runs_by_model(dataset).items():
        for run in runs if sha256 in tags else []:
            missing = [RunTag(key, value) for key, value in tags[sha256].items() if run.data.tags.get(key) != value]
            if missing:
                opened.client.log_batch(run.info.run_id, tags=missing)


def epoch_seconds(dataset: str, models: list[str]) -> dict[str, list[float]]:
    """Return the seconds of each epoch, by SHA-256, of those models whose training was watched."""
    opened = store.open_store(dataset)
    seconds = {}
    known = _runs_by_model(dataset)
    for sha256 in models:
        watched = [run for run in known.get(sha256, []) if BACKFILLED_TAG not in run.data.tags]
        for run in watched[:1]:
            history = opened.client.get_metric_history(run.info.run_id, "seconds")
            seconds[sha256] = [metric.value for metric in sorted(history, key=lambda metric: metric.step)]
    return seconds


def _runs_by_model(dataset: str) -> dict[str, list[Any]]:
    """Return the finished runs of an experiment by the SHA-256 of their models, newest first."""
    found: dict[str, list[Any]] = {}
    for run in store.search(store.open_store(dataset), "attributes.status = 'FINISHED'"):
        found.setdefault(run.data.tags.get(store.SHA_TAG, ""), []).append(run)
    return found
