"""The training's side of recording: sends events to a helper process, so that the training never waits for MLflow."""

import functools
import shutil
import threading
from collections.abc import Mapping, Sequence
from concurrent.futures import BrokenExecutor, Future
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

from hemline.jobs.settings import Settings
from hemline.processes.garbage import collect_rarely
from hemline.processes.helper import helper_process
from hemline.processes.waiting import wait_for
from hemline.tracking.messages import End, Epoch, Finish, Message, Open, Start, now
from hemline.tracking.model_file import ModelFile
from hemline.tracking.one_line import warn
from hemline.training.served import ServedModel

if TYPE_CHECKING:
    from hemline.tracking.store_writer import StoreWriter


# Models on their way to the helper process.
RECORDED = Path(".hemline/recorded")
# Seconds that an interrupted training has to mark its runs.
_GOODBYE = 0.5


class Recorder:
    """Records one variant's trainings; what fails costs a warning, never a training.

    MLflow is imported by the helper process, which takes seconds: those in which TensorFlow is imported here, if the
    recorder is entered before. What could not be recorded is back-filled from the stage's outputs later.
    """

    def __init__(self, settings: Settings, by_seed: Mapping[int, Settings] | None = None) -> None:
        """Take the variant's settings, and those of seeds whose settings may differ from them."""
        self._open = Open(settings, by_seed or {})
        self._models = RECORDED / settings.variant
        self._helper = ExitStack()
        self._told: list[Future[None]] = []
        self._started = False

    def __enter__(self) -> Self:
        # A stage `train` on a tiny data set takes 5.7 s with a helper, 8.4 s with a thread of this process, and 3.4 s
        # without any recording (the best of 12 turns; in the median, on a busy machine, 9.9, 13.3 and 6.3 s).
        self._process = self._helper.enter_context(helper_process(orphaned=_end_killed))
        self._tell(self._open)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Wait for what is to be recorded; runs that have not finished end as FAILED, or KILLED if interrupted."""
        failed = kind is not None and issubclass(kind, Exception)
        interrupted = kind is not None and not failed
        if interrupted:
            # Who presses Ctrl-C does not want to wait for what is still to be recorded.
            for each in self._told:
                each.cancel()
        self._tell(End("FAILED" if failed else "KILLED", now()))
        if not interrupted:
            wait_for(self._told)
        elif self._started:  # before, no run is to be marked; MLflow may just be imported
            wait_for(self._told, _GOODBYE)
        self._helper.__exit__(kind, error, traceback)
        shutil.rmtree(self._models, ignore_errors=True)
        for each in self._told:
            if each.done() and not each.cancelled() and (failure := each.exception()):
                warn(failure)
                break

    def start(self, seed: int, training_id: str = "", earlier: Sequence[Mapping[str, float]] = ()) -> None:
        """Start the run of ``seed``, or resume it.

        Args:
            seed: the training's seed.
            training_id: by which the run is found if the training is killed and goes on.
            earlier: the figures of the epochs that the training resumes after, with ``at``, when each ended.
        """
        epochs = tuple(Epoch(seed, {k: v for k, v in row.items() if k != "at"}, int(row["at"])) for row in earlier)
        self._started = True
        self._tell(Start(seed, now(), training_id, epochs))

    def epoch(self, seed: int, figures: Mapping[str, float], at: int | None = None) -> None:
        """Log one epoch's figures, of the time ``at``, now by default."""
        self._tell(Epoch(seed, figures, now() if at is None else at))

    def finish(self, seed: int, model: ServedModel, sha256: str) -> None:
        """Log the trained model, whose file in the workspace has this SHA-256, and end the run of ``seed``."""
        try:
            file = ModelFile.write(model, self._models, f"seed-{seed}")
        except OSError as error:
            self._fail(error)
        else:
            self._tell(Finish(seed, file, sha256, now()))

    def _tell(self, message: Message) -> None:
        try:
            self._told.append(self._process.submit(_write, message))
        except BrokenExecutor as error:  # its process was killed
            self._fail(error)

    def _fail(self, error: Exception) -> None:
        failed: Future[None] = Future()
        failed.set_exception(error)
        self._told.append(failed)


_writing = threading.Lock()


def _write(message: Message) -> None:
    """Write the content of a message, in the helper process."""
    with _writing:
        _writer().write(message)


def _end_killed() -> None:
    """Mark the runs of a training that was killed, in its helper process, which has outlived it."""
    if _writer.cache_info().currsize:
        _write(End("KILLED", now()))


@functools.cache
def _writer() -> "StoreWriter":
    collect_rarely()
    from hemline.tracking.store_writer import StoreWriter  # noqa: PLC0415 - imports MLflow, in the helper process only

    return StoreWriter()
