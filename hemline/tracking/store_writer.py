"""The store's side of recording: writes the messages of one variant's trainings into MLflow.

A server that goes away while it is written to, and comes back before the training ends, then has all of it: everything
that was received is written again, as when a killed training resumes its run.
"""

import math
import sys
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, assert_never

from mlflow.entities import Metric, Run

from hemline.tracking import liveness, mlflow_run, store
from hemline.tracking.messages import End, Epoch, Finish, Message, Open, Start
from hemline.tracking.one_line import warn

if TYPE_CHECKING:
    from filelock import BaseFileLock

# A write costs as much for one epoch as for ten, and no eye follows faster.
_SECONDS_BETWEEN_WRITES = 1.0
# A restarted server takes longer to answer, and one that hangs holds each attempt up for twenty seconds.
_SECONDS_BETWEEN_ATTEMPTS = 15.0
_TRAINING_TAG = f"{store.HIDDEN}training_id"


@dataclass
class _Live:
    """A run that has not ended."""

    run_id: str
    unwritten: list[Metric] = field(default_factory=list)
    written: float = -math.inf  # when, by the monotonic clock
    known: frozenset[tuple[str, int]] = frozenset()  # metrics, and their steps, of before the training went on
    has_model: bool = False


class StoreWriter:
    """Writes the trainings of one variant; their messages come in the order of ``messages``, those of seeds mixed."""

    def __init__(self) -> None:
        self._runs: dict[int, _Live] = {}
        self._locks: dict[int, BaseFileLock] = {}
        self._told: list[Message] = []
        self._failed = -math.inf  # when, by the monotonic clock
        self._behind = False

    def write(self, message: Message) -> None:
        """Write the content of ``message``; a failure costs a warning, and is repaired when the store answers again."""
        self._told.append(message)
        if self._behind and time.monotonic() - self._failed < _SECONDS_BETWEEN_ATTEMPTS:
            return
        try:
            if self._behind:
                self._catch_up()
            else:
                self._write(message)
        except Exception as error:  # noqa: BLE001 - whatever MLflow raises, the training goes on
            if not self._behind:
                warn(error)
            self._failed, self._behind = time.monotonic(), True

    def _catch_up(self) -> None:
        """Write all messages; entries that the store has are left as they are."""
        self._runs.clear()
        while self._locks:
            liveness.end_lock(self._locks.popitem()[1])
        for message in self._told:
            self._write(message)
        self._behind = False
        print("MLflow answers again, and has what it missed", file=sys.stderr)

    def _write(self, message: Message) -> None:
        match message:
            case Open():
                self._settings_of = message.of_seed
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
        """Start the run of a training, or resume it; one that has all there is to know is none of the live."""
        found = self._run_of(message) if message.earlier or self._behind else None
        live = self._go_on(found, message.seed) if found else self._create(message)
        if live is None:
            return
        self._runs[message.seed] = live
        for epoch in message.earlier:
            self._log_epoch(epoch)

    def _create(self, message: Start) -> _Live:
        lock = self._locks[message.seed] = liveness.live_lock()
        tags = {liveness.LOCK_TAG: lock.lock_file} | (
            {_TRAINING_TAG: message.training_id} if message.training_id else {}
        )
        return _Live(
            mlflow_run.create_run(self._store, self._settings_of(message.seed), message.seed, tags, message.at)
        )

    def _run_of(self, message: Start) -> Run | None:
        """Return the run of a training that goes on, if there still is one."""
        condition = f"tags.`{_TRAINING_TAG}` = '{message.training_id}' and tags.seed = '{message.seed}'"
        return next(iter(store.search(self._store, condition)), None)

    def _go_on(self, run: Run, seed: int) -> _Live | None:
        """Let a run that was ended run again; one that has all there is to know is left as it is."""
        run_id, client = run.info.run_id, self._store.client
        if run.info.status == "FINISHED":
            return None
        lock = self._locks[seed] = liveness.take_over(run)
        client.set_tag(run_id, liveness.LOCK_TAG, lock.lock_file)
        mlflow_run.describe_run(
            self._store, run_id, self._settings_of(seed), seed
        )  # it may have been cut off before that
        client.update_run(run_id, "RUNNING")
        known = {(key, each.step) for key in run.data.metrics for each in client.get_metric_history(run_id, key)}
        return _Live(run_id, known=frozenset(known), has_model=store.SHA_TAG in run.data.tags)

    def _log_epoch(self, message: Epoch) -> None:
        """Log one epoch's figures; those of short epochs several at once."""
        live = self._runs.get(message.seed)
        if live is None:
            return
        metrics = mlflow_run.epoch_metrics(message.figures, message.at)
        live.unwritten += [metric for metric in metrics if (metric.key, metric.step) not in live.known]
        if time.monotonic() - live.written >= _SECONDS_BETWEEN_WRITES:
            self._log_unwritten(live)

    def _finish(self, message: Finish) -> None:
        """Log the trained model, and end its run."""
        live = self._runs.get(message.seed)
        if live is None:
            return
        self._log_unwritten(live)
        if not live.has_model:
            mlflow_run.log_model(self._store, live.run_id, message.model, message.sha256)
        self._end(message.seed, "FINISHED", message.at)

    def _log_unwritten(self, live: _Live) -> None:
        if live.unwritten:
            self._store.client.log_batch(live.run_id, metrics=live.unwritten)
        live.unwritten, live.written = [], time.monotonic()

    def _end(self, seed: int, status: str, at: int) -> None:
        live = self._runs[seed]
        self._log_unwritten(live)
        self._store.client.set_terminated(live.run_id, status, end_time=at)
        del self._runs[seed]
        liveness.end_lock(self._locks.pop(seed))
