"""Tags for runs that are known by their models, and the times that were recorded for them."""

from collections.abc import Mapping

from mlflow.entities import RunTag

from hemline.tracking import store
from hemline.tracking.mlflow_run import BACKFILLED_TAG


def unknown_models(dataset: str, models: list[str]) -> list[str]:
    """Return those models, by SHA-256, that no finished run stands for."""
    opened = store.open_store(dataset)
    return [sha256 for sha256 in models if not opened.runs_of(sha256)]


def tag_models(dataset: str, tags: Mapping[str, Mapping[str, str]]) -> None:
    """Set tags, by SHA-256, on the finished runs of models of a data set, whether just trained or long before."""
    opened = store.open_store(dataset)
    for sha256, wanted in tags.items():
        for run in opened.runs_of(sha256):
            missing = [RunTag(key, value) for key, value in wanted.items() if run.data.tags.get(key) != value]
            if missing:
                opened.client.log_batch(run.info.run_id, tags=missing)


def epoch_seconds(dataset: str, models: list[str]) -> dict[str, list[float]]:
    """Return the seconds of each epoch, by SHA-256, of those models whose training was watched."""
    opened = store.open_store(dataset)
    seconds = {}
    for sha256 in models:
        watched = [run for run in opened.runs_of(sha256) if BACKFILLED_TAG not in run.data.tags]
        for run in watched[:1]:
            history = opened.client.get_metric_history(run.info.run_id, "seconds")
            seconds[sha256] = [metric.value for metric in sorted(history, key=lambda metric: metric.step)]
    return seconds
