"""The store's side of recording: writes into MLflow what messages tell of one variant's trainings."""

import math
import time
from dataclasses import dataclass, field
from typing import assert_never

from filelock import BaseFileLock
from mlflow.entities import Metric

from hemline.tracking import liveness, mlflow_run, store
from hemline.tracking.messages import End, Epoch, Finish, Message, Open, Start
from hemline.tracking.recorder import warn

# A write costs as much for one epoch as for ten, and no eye follows faster.
_SECONDS_BETWEEN_WRITES = 1.0


@dataclass
class _Live:
    """A run that has not ended."""

    run_id: str
    lock: BaseFileLock
    unwritten: list[Metric] = field(default_factory=list)
    written: float = -math.inf  # when, by the monotonic clock


class StoreWriter:
    """Writes the trainings of one variant; their messages come in the order of ``messages``, those of seeds mixed."""

    def __init__(self) -> None:
        self._runs: dict[int, _Live] = {}
        self._broken = False

    def write(self, message: Message) -> None:
        """Write what ``message`` tells; the first failure costs a warning, and ends the recording."""
        if self._broken:
            return
        try:
            self._write(message)
        except Exception as error:  # noqa: BLE001 - whatever MLflow raises, the training goes on
            self._broken = True
            warn(error)

    def _write(self, message: Message) -> None:
        match message:
            case Open():
                self._settings = message.settings
                self._store = store.open_store(message.settings.dataset)
            case Start():
                self._start(message)
            case Epoch():
                self._log_epoch(message)
            case Finish():
                self._finish(message)
            case End():
                for seed in list(self._runs):
                    self._end(seed, message.status, message.at)
            case _:
                assert_never(message)

    def _start(self, message: Start) -> None:
        lock = liveness.live_lock()
        tags = {liveness.LOCK_TAG: lock.lock_file}
        run_id = mlflow_run.create_run(self._store, self._settings, message.seed, tags, message.at)
        self._runs[message.seed] = _Live(run_id, lock)

    def _log_epoch(self, message: Epoch) -> None:
        """Log one epoch's figures; those of short epochs several at once."""
        live = self._runs[message.seed]
        live.unwritten += mlflow_run.epoch_metrics(message.figures, message.at)
        if time.monotonic() - live.written >= _SECONDS_BETWEEN_WRITES:
            self._log_unwritten(live)

    def _finish(self, message: Finish) -> None:
        """Log the trained model, and end its run."""
        live = self._runs[message.seed]
        self._log_unwritten(live)
        mlflow_run.log_model(self._store, live.run_id, message.model, message.sha256, message.seed)
        self._end(message.seed, "FINISHED", message.at)

    def _log_unwritten(self, live: _Live) -> None:
        if live.unwritten:
            self._store.client.log_batch(live.run_id, metrics=live.unwritten)
        live.unwritten, live.written = [], time.monotonic()

    def _end(self, seed: int, status: str, at: int) -> None:
        live = self._runs.pop(seed)
        self._log_unwritten(live)
        self._store.client.set_terminated(live.run_id, status, end_time=at)
        liveness.end_lock(live.lock)
