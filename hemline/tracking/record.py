"""Following trainings as they happen, from a thread of its own, so that MLflow costs a training next to nothing."""

import math
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from hemline.trained import Settings

if TYPE_CHECKING:
    import keras
    from filelock import BaseFileLock
    from mlflow.entities import Metric

# A write costs as much for one epoch as for ten, and no eye follows faster.
_SECONDS_BETWEEN_WRITES = 1.0


@dataclass
class _Live:
    """A run that has not ended."""

    run_id: str
    lock: "BaseFileLock"
    unwritten: "list[Metric]" = field(default_factory=list)
    written: float = -math.inf  # when, by the monotonic clock


class Recorder:
    """Records one variant's trainings; what fails costs a warning, never a training.

    MLflow itself is imported by the thread, while the first epoch runs. What could not be recorded is back-filled from
    the stage's outputs later.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._runs: dict[int, _Live] = {}
        self._store: Any = None
        self._broken = False
        self._interrupted = False
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="mlflow")

    def __enter__(self) -> Self:
        self._submit(self._open)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Wait for what is to be recorded; runs that have not finished end as FAILED, or KILLED if interrupted."""
        status = "FAILED" if kind is not None and issubclass(kind, Exception) else "KILLED"
        # Who presses Ctrl-C does not want to wait for the epochs that are still to be logged.
        self._interrupted = kind is not None and status == "KILLED"
        self._submit(lambda: self._end_all(status))
        self._thread.shutdown()

    def start(self, seed: int) -> None:
        """Start the run of ``seed``."""
        self._submit(lambda: self._start(seed))

    def epoch(self, seed: int, figures: dict[str, float]) -> None:
        """Log one epoch's figures; of short epochs, several at once."""
        self._submit(lambda: self._epoch(seed, figures))

    def finish(self, seed: int, model: "keras.Sequential", sha256: str) -> None:
        """Log the trained model, and end the run of ``seed``.

        Args:
            seed: the training's seed.
            model: takes raw pixels.
            sha256: of the model's file in the workspace.
        """
        self._submit(lambda: self._finish(seed, model, sha256))

    def _submit(self, task: Callable[[], object]) -> None:
        self._thread.submit(self._attempt, task)

    def _attempt(self, task: Callable[[], object]) -> None:
        if self._broken:
            return
        try:
            task()
        except Exception as error:  # noqa: BLE001 - whatever MLflow raises, the training goes on
            self._broken = True
            warn(error)

    def _open(self) -> None:
        # Imported by the thread: this takes more than a second, beside the first epoch.
        from hemline.tracking.store import open_store  # noqa: PLC0415

        self._store = open_store(self._settings.dataset)

    def _start(self, seed: int) -> None:
        from hemline.tracking import run, store  # noqa: PLC0415

        lock = store.live_lock()
        tags = {store.LOCK_TAG: lock.lock_file}
        self._runs[seed] = _Live(run.create_run(self._store, self._settings, seed, tags), lock)

    def _epoch(self, seed: int, figures: dict[str, float]) -> None:
        from hemline.tracking import run  # noqa: PLC0415

        live = self._runs[seed]
        live.unwritten += run.epoch_metrics(figures)
        if time.monotonic() - live.written >= _SECONDS_BETWEEN_WRITES:
            self._write(live)

    def _write(self, live: _Live) -> None:
        if live.unwritten and not self._interrupted:
            self._store.client.log_batch(live.run_id, metrics=live.unwritten)
        live.unwritten, live.written = [], time.monotonic()

    def _finish(self, seed: int, model: "keras.Sequential", sha256: str) -> None:
        from hemline.tracking import run  # noqa: PLC0415

        live = self._runs[seed]
        self._write(live)
        run.log_model(self._store, live.run_id, model, sha256, seed)
        self._end(seed, "FINISHED")

    def _end_all(self, status: str) -> None:
        for seed in list(self._runs):
            self._end(seed, status)

    def _end(self, seed: int, status: str) -> None:
        from hemline.tracking import store  # noqa: PLC0415

        live = self._runs.pop(seed)
        self._write(live)
        self._store.client.set_terminated(live.run_id, status)
        store.end_lock(live.lock)


def warn(error: Exception) -> None:
    """Say in one line that MLflow could not be reached, and what completes it."""
    first_line = (str(error) or type(error).__name__).splitlines()[0]
    print(f"warning: MLflow: {first_line}; run `make sync` to complete it from the results", file=sys.stderr)
