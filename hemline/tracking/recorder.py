"""Following trainings as they happen, from a process beside them, so that MLflow costs a training next to nothing."""

import functools
import shutil
import sys
import time
from concurrent.futures import BrokenExecutor, Future
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from hemline.processes.garbage import collect_rarely
from hemline.processes.helper import helper_process
from hemline.tracking.model_file import ModelFile
from hemline.training.trained import Settings

if TYPE_CHECKING:
    from hemline.tracking.recording import Recording
    from hemline.training.tensorflow import keras


class Recorder:
    """Records one variant's trainings; what fails costs a warning, never a training.

    MLflow is imported by the process beside, which takes seconds: those in which TensorFlow is imported here, if the
    recorder is entered before. What could not be recorded is back-filled from the stage's outputs later.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._models = Path(".hemline/recorded") / settings.variant
        self._beside = ExitStack()
        self._events: list[Future[None]] = []

    def __enter__(self) -> Self:
        self._process = self._beside.enter_context(helper_process())
        self._tell("open", self._settings)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Wait for what is to be recorded; runs that have not finished end as FAILED, or KILLED if interrupted."""
        failed = kind is not None and issubclass(kind, Exception)
        if kind is not None and not failed:
            # Who presses Ctrl-C does not want to wait for what is still to be recorded.
            for event in self._events:
                event.cancel()
        self._tell("end", "FAILED" if failed else "KILLED", _now())
        self._beside.close()
        shutil.rmtree(self._models, ignore_errors=True)
        for event in self._events:
            if not event.cancelled() and (failure := event.exception()):
                warn(failure)
                break

    def start(self, seed: int) -> None:
        """Start the run of ``seed``."""
        self._tell("start", seed, _now())

    def epoch(self, seed: int, figures: dict[str, float]) -> None:
        """Log one epoch's figures."""
        self._tell("epoch", seed, figures, _now())

    def finish(self, seed: int, model: "keras.Sequential", sha256: str) -> None:
        """Log the trained model, and end the run of ``seed``.

        Args:
            seed: the training's seed.
            model: takes raw pixels.
            sha256: of the model's file in the workspace.
        """
        try:
            file = ModelFile.write(model, self._models / f"seed-{seed}.keras")
        except OSError as error:
            self._fail(error)
        else:
            self._tell("finish", seed, file, sha256, _now())

    def _tell(self, event: str, *arguments: Any) -> None:
        try:
            self._events.append(self._process.submit(_do, event, arguments))
        except BrokenExecutor as error:  # its process was killed
            self._fail(error)

    def _fail(self, error: Exception) -> None:
        event: Future[None] = Future()
        event.set_exception(error)
        self._events.append(event)


def warn(error: BaseException) -> None:
    """Say in one line that MLflow could not be reached, and what completes it."""
    first_line = (str(error) or type(error).__name__).splitlines()[0].rstrip(".")
    print(f"warning: MLflow: {first_line}; run `make sync` to complete it from the results", file=sys.stderr)


def _now() -> int:
    return time.time_ns() // 1_000_000


def _do(event: str, arguments: tuple[Any, ...]) -> None:
    """Record an event, in the process beside."""
    _recording().do(event, *arguments)


@functools.cache
def _recording() -> "Recording":
    collect_rarely()
    from hemline.tracking.recording import Recording  # noqa: PLC0415 - imports MLflow, in the process beside only

    return Recording()
