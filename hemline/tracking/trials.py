"""The trials of searches as MLflow runs, in an experiment of their own."""

import hashlib

from mlflow.entities import Metric, Param, RunTag

from hemline.tracking.messages import now
from hemline.tracking.store import HIDDEN, Store, open_store, search
from hemline.tuning.search import Search
from hemline.tuning.tuned import Trial, Tuned

_SEARCH_TAG = f"{HIDDEN}search"


def publish_trials(variants: list[str]) -> None:
    """Add a run for each trial that the store lacks; a second time, this adds nothing.

    Raises:
        MlflowException: the store cannot be written.
    """
    for variant in variants:
        tuned = Tuned(variant)
        if found := tuned.search():
            store = open_store(f"{found.settings.dataset}-tuning")
            _publish(store, found, tuned.trials())


def _publish(store: Store, found: Search, trials: list[Trial]) -> None:
    # Of everything that determines the trials, and of their results, which the data determines as well.
    content = found.model_dump_json() + "".join(each.model_dump_json() for each in trials)
    key = hashlib.sha256(content.encode()).hexdigest()
    known = {run.data.tags.get("trial") for run in search(store, f"tags.`{_SEARCH_TAG}` = '{key}'", store.experiments)}
    for trial in trials:
        if str(trial.number) not in known:
            _add(store, found, trial, key)


def _add(store: Store, found: Search, trial: Trial, key: str) -> None:
    name = f"{found.settings.variant} trial {trial.number}"
    at = now()
    run = store.client.create_run(store.experiment_id, start_time=at, run_name=name)
    settings = found.training(trial.drawn).model_dump()
    params = {"variant": found.settings.variant} | settings
    budget = {
        "trials": found.trials,
        "budget": found.budget,
        "halving": found.halving,
        "search": f"{trial.repeat + 1} of {found.repeats}",
        "search_seed": found.seed,
        "sampler": found.sampler,
        "space": found.space_text(),
    }
    scores = {f"val_{found.metric}": trial.score, "val_loss": trial.loss, "val_accuracy": trial.accuracy}
    figures = scores | {"epochs_trained": float(trial.epochs), "updates": float(trial.updates)}
    store.client.log_batch(
        run.info.run_id,
        metrics=[Metric(key, value, at, 0) for key, value in figures.items() if value is not None],
        params=[Param(key, str(value)) for key, value in (params | budget).items()],
        tags=[RunTag("reason", trial.reason), RunTag("trial", str(trial.number)), RunTag(_SEARCH_TAG, key)],
    )
    store.client.set_terminated(run.info.run_id, "FINISHED" if trial.score is not None else "FAILED")
