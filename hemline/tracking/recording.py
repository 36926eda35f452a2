"""Recording a variant's trainings in the MLflow store, one event after the other."""

import math
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from filelock import BaseFileLock
from mlflow.entities import Metric

from hemline.tracking import run, store
from hemline.tracking.model_file import ModelFile
from hemline.tracking.recorder import warn
from hemline.training.trained import Settings

# A write costs as much for one epoch as for ten, and no eye follows faster.
_SECONDS_BETWEEN_WRITES = 1.0


@dataclass
class _Live:
    """A run that has not ended."""

    run_id: str
    lock: BaseFileLock
    unwritten: list[Metric] = field(default_factory=list)
    written: float = -math.inf  # when, by the monotonic clock


class Recording:
    """Records the trainings of one variant. Times are milliseconds since 1970."""

    def __init__(self) -> None:
        self._runs: dict[int, _Live] = {}
        self._broken = False

    def do(self, event: str, *arguments: Any) -> None:
        """Call the method ``event``; the first that fails costs a warning, and ends the recording."""
        if self._broken:
            return
        try:
            getattr(self, event)(*arguments)
        except Exception as error:  # noqa: BLE001 - whatever MLflow raises, the training goes on
            self._broken = True
            warn(error)

    def open(self, settings: Settings) -> None:
        """Open the store for trainings with ``settings``."""
        self._settings = settings
        self._store = store.open_store(settings.dataset)

    def start(self, seed: int, at: int) -> None:
        """Start the run of ``seed``."""
        lock = store.live_lock()
        tags = {store.LOCK_TAG: lock.lock_file}
        self._runs[seed] = _Live(run.create_run(self._store, self._settings, seed, tags, at), lock)

    def epoch(self, seed: int, figures: Mapping[str, float], at: int) -> None:
        """Log one epoch's figures; those of short epochs several at once."""
        live = self._runs[seed]
        live.unwritten += run.epoch_metrics(figures, at)
        if time.monotonic() - live.written >= _SECONDS_BETWEEN_WRITES:
            self._write(live)

    def finish(self, seed: int, model: ModelFile, sha256: str, at: int) -> None:
        """Log the trained model, whose file in the workspace has ``sha256``, and end the run of ``seed``."""
        live = self._runs[seed]
        self._write(live)
        run.log_model(self._store, live.run_id, model, sha256, seed)
        self._end(seed, "FINISHED", at)

    def end(self, status: str, at: int) -> None:
        """End the runs that have not finished."""
        for seed in list(self._runs):
            self._end(seed, status, at)

    def _write(self, live: _Live) -> None:
        if live.unwritten:
            self._store.client.log_batch(live.run_id, metrics=live.unwritten)
        live.unwritten, live.written = [], time.monotonic()

    def _end(self, seed: int, status: str, at: int) -> None:
        live = self._runs.pop(seed)
        self._write(live)
        self._store.client.set_terminated(live.run_id, status, end_time=at)
        store.end_lock(live.lock)
