"""Executor on a cluster, as a stage sees them."""

import asyncio
import pickle
import threading
import time
from collections.abc import Callable, Iterable
from concurrent.futures import CancelledError, Future
from contextlib import suppress
from dataclasses import replace
from queue import SimpleQueue
from typing import Any, Self, TypeVar

from distributed import KilledWorker

from hemline.cluster import worker
from hemline.cluster.connect import call_with_timeout, connect, security
from hemline.cluster.identity import differences, identity, resource
from hemline.cluster.published import expire, publish, unpublish
from hemline.errors import InputError
from hemline.jobs.job import Executor, LostError, TrainingCallbacks, TrainingJob, TrainingSpec
from hemline.jobs.progress import show
from hemline.jobs.result import TrainingResult

# Seconds between two questions to the scheduler whether it is alive, and until no answer means that it is not.
_PULSE, _SILENCE = 5.0, 30.0
# Seconds that taking back may take, an order included that has just begun: less than Ctrl-C gives. It takes hundredths
# of one; of a driver that shares its core with others, and reports thousands of epochs a second, some.
_SHUTDOWN_TIMEOUT = 15.0
# Of the trainings of this stage; those of later stages have 0 and less.
_PRIORITY = 100
T = TypeVar("T")

_Event = tuple[float, dict[str, Any]]


def _trains() -> Callable[[bytes], TrainingResult]:
    """Return what a worker is to do with a pickled job.

    A function of a function travels as it is, and bytes are bytes: a scheduler opens what passes through it, and needs
    none of this project's code to do so. What its annotations name would travel, too.
    """

    def train(job: bytes) -> Any:
        import pickle  # noqa: PLC0415 - what is global here does not travel

        from hemline.cluster import worker  # noqa: PLC0415

        return worker.on_worker(pickle.loads(job))  # noqa: S301 - from the driver, who may run any code here

    return train


_TRAIN = _trains()


class Cluster(Executor):
    """The workers of a scheduler; a context, at whose end unneeded trainings are cancelled."""

    def __init__(self, cluster: str) -> None:
        """Connect to the scheduler at an address, or at that in its file; an ``InputError`` if that does not answer."""
        self._client: Any = connect(cluster)
        self._name, self._identity = cluster, identity(worker=False)
        self._executor = self._client.get_executor(pure=False)
        self._submitted: dict[str, Future[Any]] = {}
        self._callbacks_of: dict[str, TrainingCallbacks] = {}
        self._ordered: set[str] = set()
        self._ordering, self._stopped = threading.Lock(), False
        self._events: SimpleQueue[tuple[TrainingCallbacks, _Event] | None] = SimpleQueue()
        # A terminal that is slow, or paused, is not to hold up what else the scheduler says.
        self._telling = threading.Thread(target=self._tell_all, daemon=True)
        self._checked = self._lost = False
        self._asked: Future[Any] | None = None
        self._pulse = time.monotonic()

    def __enter__(self) -> Self:
        self._telling.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        # After SIGTERM, trainings continue for the next stage; after Ctrl-C or a failure, they do not.
        if kind is not None and not issubclass(kind, SystemExit):
            self.stop()
        self._stopped = True
        self._events.put(None)
        self._telling.join(1)
        with suppress(Exception):
            self._client.close(timeout=1)

    def submit(self, job: TrainingJob, callbacks: TrainingCallbacks) -> Future[TrainingResult]:
        """Let a worker train, unless one does already for another stage, or has."""
        self._prepare(job.spec)
        job, outer = replace(job, concurrent_trainings=1), Future[TrainingResult]()
        state = self._ask(lambda: self._states([job.key])).get(job.key)
        # Of one that begins now, earlier events are those of another stage, which has had its result.
        self._ask(lambda: self._subscribe(job, callbacks, replay=state is not None))
        ordered = self._ask(lambda: self._order(job, _PRIORITY, state))
        self._attach(job, outer)
        ordered.release()
        return outer

    def prefetch(self, jobs: Callable[[], list[TrainingJob]], needed: Callable[[], set[str]]) -> None:
        """Order what later stages will want; it is trained where workers have nothing else to do.

        ``jobs`` returns those of all other variants, ``needed`` the variants among them that will be trained; it is
        asked only where some are not known yet.
        """
        threading.Thread(target=self._prefetch, args=(jobs, needed), daemon=True).start()

    def check_alive(self) -> None:
        """Say whether the scheduler is alive; ``CancelledError`` if this process was asked to end; workers continue."""
        if any(callbacks.asked_to_end(0) for callbacks in self._callbacks_of.values()):
            raise CancelledError
        if self._client.status != "running":
            raise self._gone("has gone")
        waited = time.monotonic() - self._pulse
        if self._asked is not None and not self._asked.done() and waited > _SILENCE:
            raise self._gone(f"has not answered for {waited:.0f} s")
        if (self._asked is None or self._asked.done()) and waited > _PULSE:
            self._pulse = time.monotonic()
            loop = self._client.loop.asyncio_loop
            self._asked = asyncio.run_coroutine_threadsafe(self._client.scheduler.identity(), loop)

    def stop(self) -> None:
        """Take back what was ordered; workers stop after their present epoch, unless somebody else waits for it."""
        self._stopped = True
        with suppress(Exception):
            call_with_timeout(_SHUTDOWN_TIMEOUT, self._take_back)

    def acknowledge(self, job: TrainingJob) -> None:
        """Let the scheduler forget an result."""
        self._submitted.pop(job.key, None)
        self._ordered.discard(job.key)
        with suppress(Exception):  # it expires
            call_with_timeout(_SHUTDOWN_TIMEOUT, lambda: unpublish(self._client, [job.key]))

    def _take_back(self) -> None:
        """Forget all orders; what is just being ordered, by whatever thread, is to be there, and is then taken back."""
        for future in list(self._submitted.values()):
            future.cancel()
        if self._lost:  # what the scheduler holds expires, or went with it
            return
        with self._ordering:
            unpublish(self._client, self._ordered)

    def _ask(self, question: Callable[[], T]) -> T:
        """Return what the scheduler answers; that it does not is an ``InputError``."""
        try:
            return call_with_timeout(_SILENCE, question)
        except TimeoutError:
            raise self._gone(f"has not answered for {_SILENCE:.0f} s") from None
        except OSError:
            raise self._gone("has gone") from None

    def _order(self, job: TrainingJob, priority: int, state: str | None) -> Any:
        """Submit and publish; one that failed before, by the state in which the scheduler knows it, is tried again."""
        with self._ordering:
            if self._stopped:
                raise CancelledError
            self._ordered.add(job.key)
            future = self._client.submit(_TRAIN, pickle.dumps(job), **self._options(job, priority), pure=False)
            if state == "erred":
                self._client.retry([future])
            publish(self._client, job.key, future)
            return future

    def _attach(self, job: TrainingJob, outer: Future[TrainingResult]) -> None:
        """Let ``outer`` end as the job does that was ordered: the same key attaches, and starts nothing."""
        inner = self._executor.submit(_TRAIN, pickle.dumps(job), **self._options(job, _PRIORITY))
        self._submitted[job.key] = inner
        inner.add_done_callback(lambda done: _pass_on(done, outer, job))

    def _options(self, job: TrainingJob, priority: int) -> dict[str, Any]:
        return {"key": job.key, "priority": priority, "resources": {resource(self._identity): 1}}

    def _states(self, keys: list[str]) -> dict[str, str]:
        """Return the states of those tasks that the scheduler knows."""

        def states(keys: list[str], dask_scheduler: Any = None) -> dict[str, str]:
            return {key: dask_scheduler.tasks[key].state for key in keys if key in dask_scheduler.tasks}

        # A function of a function travels as it is: the scheduler needs none of this project's code.
        found: dict[str, str] = self._client.run_on_scheduler(states, keys)
        return found

    def _prepare(self, spec: TrainingSpec) -> None:
        """Look at the workers, once: who they are, and whether they see the data."""
        if self._checked:
            return
        self._checked = True
        self._ask(lambda: expire(self._client))
        answers = self._ask(lambda: self._client.run(worker.identity_here, on_error="return"))
        known = [address for address, found in answers.items() if not self._refuse(address, found)]
        if answers and not known:
            raise InputError(f"cluster: {self._name}: none of its {len(answers)} workers can do this; see above")
        address = self._client.scheduler.address
        there = f"workers: {len(known)}" if known else "waits for a worker"
        show(f"{spec.settings.variant}: trains on {address}, {', '.join(filter(None, [there, security(address)]))}")
        if known:
            lacking = self._ask(lambda: self._client.run(worker.lacks, spec, workers=known)).values()
            if why := next(filter(None, lacking), None):
                raise InputError(f"cluster: {self._name}: {why}")

    def _refuse(self, address: str, found: Any) -> bool:
        if isinstance(found, dict):
            why = differences(self._identity, found)
            if why:
                show(f"worker {address}: has {why}; it is given nothing; restart it")
            return bool(why)
        said = (str(found) or type(found).__name__).splitlines()[0]
        show(f"worker {address}: cannot load this project ({said}); it is given nothing")
        return True

    def _subscribe(self, job: TrainingJob, callbacks: TrainingCallbacks, *, replay: bool) -> None:
        """Report the coming epochs of ``job`` to ``callbacks``, after those that have ended if ``replay``."""
        self._callbacks_of[job.key] = callbacks
        early = _Early()

        def tell(event: _Event) -> None:
            self._events.put((callbacks, event))

        self._client.subscribe_topic(job.key, lambda event: early.take(event, tell))
        early.end(self._client.get_events(job.key) if replay else [], tell)

    def _tell_all(self) -> None:
        """Report events, one after the other, until there is None."""
        while (each := self._events.get()) is not None:
            self._tell(*each)

    def _tell(self, callbacks: TrainingCallbacks, event: _Event) -> None:
        """Report an event, as long as it is needed."""
        _, message = event
        if "begin" in message and not self._stopped:
            callbacks.begin(message["seed"], message["begin"])
        # A worker that died may have kept epochs that it had not reported yet; its successor begins after them.
        for row in message["begin"] if "begin" in message else message["epochs"]:
            if self._stopped:
                return
            callbacks.epoch(message["seed"], row)

    def _prefetch(self, jobs: Callable[[], list[TrainingJob]], needed: Callable[[], set[str]]) -> None:
        with suppress(Exception):  # without what is ordered ahead, everything is only slower
            others = jobs()
            known = self._states([job.key for job in others])
            if all(job.key in known for job in others):
                return
            wanted = needed()
            for place, job in enumerate(job for job in others if job.spec.settings.variant in wanted):
                self._order(job, -place, known.get(job.key))

    def _gone(self, what: str) -> InputError:
        self._lost = True
        return InputError(
            f"cluster: {self._name}: the scheduler {what}; finished trainings are kept: `dvc repro` resumes from "
            "them, once there is another, or here with cluster set to null"
        )


class _Early:
    """Events that arrive while those before them are still asked for."""

    def __init__(self) -> None:
        self._events: list[_Event] | None = []
        self._lock = threading.Lock()

    def take(self, event: _Event, tell: Callable[[_Event], None]) -> None:
        with self._lock:
            if self._events is None:
                tell(event)
            else:
                self._events.append(event)

    def end(self, before: Iterable[_Event], tell: Callable[[_Event], None]) -> None:
        with self._lock:
            for event in [*before, *(self._events or [])]:
                tell(event)
            self._events = None


def _pass_on(done: Future[TrainingResult], outer: Future[TrainingResult], job: TrainingJob) -> None:
    """Let ``outer`` end as ``done`` did, in words of this project."""
    if done.cancelled():
        outer.cancel()
        outer.set_running_or_notify_cancel()
    elif error := done.exception():
        outer.set_exception(_in_words(error, job))
    else:
        outer.set_result(done.result())


def _in_words(error: BaseException, job: TrainingJob) -> BaseException:
    if not isinstance(error, KilledWorker):
        return error
    return LostError(
        f"{job.spec.settings.variant}, seed {job.seed}: each of {error.allowed_failures + 1} workers died of it, "
        f"{error.last_worker.address} last; it may need more memory than they have: see what their logs say"
    )
