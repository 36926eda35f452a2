"""Running the trials of a variant's searches, side by side; those that an interrupted run has finished are kept."""

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

import joblib

from hemline.comparison.metrics import Decision, decision_of, find_metric
from hemline.data.normalized import Normalized
from hemline.errors import InputError
from hemline.families.family import FamilySettings
from hemline.families.registry import family_of
from hemline.families.space import Scalar
from hemline.jobs.checkpoint import checkpoint_folder, fingerprint, remove_checkpoints
from hemline.jobs.job import Executor, LostError, TrainingJob, TrainingSpec
from hemline.jobs.progress import show
from hemline.jobs.result import TrainingResult
from hemline.processes.ending import ShutdownRequest
from hemline.processes.waiting import as_completed, wait_for
from hemline.repository import repository
from hemline.training.resume import Row
from hemline.tuning.budget import MOST_TRIALS, Size, planned, updates_of
from hemline.tuning.finished import FinishedTrials
from hemline.tuning.halving import rungs, survivors
from hemline.tuning.search import Search, programs_first
from hemline.tuning.tuned import Trial

if TYPE_CHECKING:
    from concurrent.futures import Future

# Trainings of trials have seeds of their own: those of the compared models are fresh. Seeds in params.yaml are rarely
# as large.
_FIRST_SEED = 3_000_000_000
# The settings that compiled programs take as arguments.
_ARGUMENTS = ("learning_rate", "epochs", "stop_below_loss", "l2")


class _Plan(NamedTuple):
    """A trial before it is trained."""

    repeat: int  # its search
    seed: int  # of its training: further trials of other searches do not change it
    drawn: dict[str, Scalar]
    settings: FamilySettings
    rungs: list[int]  # after how many epochs it is compared with others of its search, at last at its end


class Trials:
    """The trials of all searches of one variant."""

    def __init__(self, search: Search, asked: ShutdownRequest) -> None:
        """Draw the settings, and find the trials that are finished already.

        ``asked`` says whether this process was asked to end: trainings then end after their current epoch.
        """
        self._search, self._asked = search, asked
        self._variant = search.settings.variant
        self._decision: Decision = decision_of(find_metric(search.metric))
        self._digests = Normalized().digests(test_labels=False)
        self._labels = Normalized().labels("validation")
        self._size = Size.of_data(Normalized())
        self._plans = [
            self._plan(repeat, place, drawn)
            for repeat, trials in enumerate(planned(search, self._size))
            for place, drawn in enumerate(trials)
        ]
        # With other numbers, trials of the same settings stay what they are.
        key = fingerprint(search.model_dump(mode="json", exclude={"trials", "repeats", "searched"}), self._digests)
        self._finished = FinishedTrials(repository() / ".hemline" / "tuning" / key[:16], self._variant)
        self._latest: dict[int, Trial] = {}  # by number

    def run(self, executor: Executor) -> list[Trial]:
        """Run the trials that are missing, and return all.

        Raises:
            InputError: every training of a search failed, or the executor did.
            CancelledError: this process was asked to end.
        """
        # A checkpoint that a killed worker leaves, or a rung, needs the folder.
        checkpoint_folder().mkdir(parents=True, exist_ok=True)
        going = list(range(len(self._plans)))
        for rung in range(max(len(plan.rungs) for plan in self._plans)):
            going = self._continuing(going) if rung else going
            self._run_rung(executor, going, rung)
        for repeat in range(self._search.repeats):
            self._check_one_succeeded(repeat)
        return [self._latest[number] for number in range(len(self._plans))]

    def first_jobs(self) -> list[TrainingJob]:
        """Return the trainings that the trials begin with, without those that are finished."""
        missing = [number for number in self._ordered(range(len(self._plans))) if not self._known(number, 0)]
        return [self._job(number, self._plans[number].rungs[0], 1) for number in missing]

    def remove(self) -> None:
        """Remove the files of finished trials, and what a kill left of them: the stage has written its output."""
        for number, plan in enumerate(self._plans):
            remove_checkpoints(self._job(number, plan.rungs[-1], 1).state_key)
        self._finished.remove()

    def begin(self, seed: int, earlier: list[Row]) -> None:
        """Do nothing: a trial is shown when it has ended."""

    def epoch(self, seed: int, row: Row) -> None:
        """Do nothing, likewise."""

    def asked_to_end(self, seed: int) -> bool:  # noqa: ARG002 - all seeds alike
        """Return whether this process was asked to end."""
        return self._asked.is_set()

    def _plan(self, repeat: int, place: int, drawn: dict[str, Scalar]) -> _Plan:
        settings = self._search.training(drawn)
        family = family_of(settings)
        halving = self._search.halving and family.has_epochs(settings)
        seed = _FIRST_SEED + repeat * MOST_TRIALS + place
        return _Plan(repeat, seed, drawn, settings, rungs(family.epochs(settings), halving=halving))

    def _run_rung(self, executor: Executor, going: list[int], rung: int) -> None:
        """Train the trials that continue to a rung, except those that an interrupted run has finished."""
        known = {number: trial for number in going if (trial := self._known(number, rung))}
        self._latest |= known
        if known:
            show(f"{self._variant}: kept: {len(known)} of {len(going)} trials{self._at(rung)}")
        order = [number for number in self._ordered(going) if number not in known]
        at_once = min(len(order), joblib.cpu_count())
        jobs = {number: self._job(number, self._plans[number].rungs[rung], at_once) for number in order}
        futures = {executor.submit(job, self): number for number, job in jobs.items()}
        done = len(known)
        try:
            for future in as_completed(futures, partial(self._look, executor)):
                number, done = futures[future], done + 1
                self._finish(number, rung, future, f"{done}/{len(going)}{self._at(rung)}")
                if rung == len(self._plans[number].rungs) - 1:
                    remove_checkpoints(jobs[number].state_key)
                executor.acknowledge(jobs[number])
        except Exception:
            executor.stop()
            wait_for(futures)
            raise

    def _ordered(self, going: Sequence[int]) -> list[int]:
        """Return the trials in the order of their trainings: those that share a compiled program follow each other."""
        drawn = [self._plans[number].drawn for number in going]
        return [going[place] for place in programs_first(drawn, _ARGUMENTS)]

    def _known(self, number: int, rung: int) -> Trial | None:
        trial = self._finished.get(number, rung)
        plan = self._plans[number]
        return trial if trial and (trial.repeat, trial.drawn) == (plan.repeat, plan.drawn) else None

    def _at(self, rung: int) -> str:
        last = max(len(plan.rungs) for plan in self._plans) - 1
        return "" if rung == last else f" of rung {rung + 1}"

    def _continuing(self, going: list[int]) -> list[int]:
        """Return the trials of each search that survive a rung."""
        sign = -1 if self._decision.is_loss else 1
        found: list[int] = []
        for repeat in range(self._search.repeats):
            trials = [self._latest[number] for number in going if self._plans[number].repeat == repeat]
            values = {each.number: sign * each.score for each in trials if each.score is not None}
            found += survivors(values) if values else []
        return found

    def _check_one_succeeded(self, repeat: int) -> None:
        own = [each for each in self._latest.values() if each.repeat == repeat]
        if not any(each.complete and each.score is not None for each in own):
            reason = next((each.reason for each in own if each.score is None), "no score is finite")
            ended = "trials" if all(each.score is None for each in own) else "trials that were trained to their end"
            raise InputError(f"{self._variant}: all {len(own)} {ended} failed: {reason}")

    def _look(self, executor: Executor) -> None:
        self._asked.raise_if_interrupted()
        executor.check_alive()

    def _job(self, number: int, epochs: int, at_once: int) -> TrainingJob:
        plan = self._plans[number]
        specs = {each: self._spec(plan, each) for each in {epochs, plan.rungs[-1]}}
        # The state after a rung is that of any longer training with these settings.
        longer = specs[plan.rungs[-1]].key if self._search.halving else ""
        return TrainingJob(
            specs[epochs],
            plan.seed,
            at_once,
            checkpoint_folder(),
            trial=True,
            longer=longer,
            goes_on=epochs < plan.rungs[-1],
        )

    def _spec(self, plan: _Plan, epochs: int) -> TrainingSpec:
        training = plan.settings
        if epochs != plan.rungs[-1]:
            training = training.model_copy(update={"epochs": epochs})
        settings = self._search.settings.model_copy(update={"training": training})
        return TrainingSpec.of(settings, self._digests, record_test=False)

    def _finish(self, number: int, rung: int, future: "Future[TrainingResult]", done: str) -> None:
        try:
            trial = self._scored(number, rung, future.result())
        except LostError:
            raise
        except InputError as error:  # such as a loss that is no longer finite: that is a result, too
            trial = self._trial(number, [], None, str(error), complete=True)
        self._latest[number] = trial
        self._finished.keep(trial, rung)
        self._show(trial, done)

    def _scored(self, number: int, rung: int, result: TrainingResult) -> Trial:
        probabilities, plan = result.predicted["validation"], self._plans[number]
        score = self._decision.value(self._decision.scores(probabilities, self._labels), self._labels)
        complete, reason = rung == len(plan.rungs) - 1, "all epochs"
        if len(result.history) < plan.rungs[rung] and hasattr(plan.settings, "epochs"):
            reason = "stop_below_loss"
        elif not complete:
            reason = f"halving, after {len(result.history)} of {plan.rungs[-1]} epochs"
        return self._trial(number, result.history, score, reason, complete=complete)

    def _trial(self, number: int, history: list[Row], score: float | None, reason: str, *, complete: bool) -> Trial:
        plan, last = self._plans[number], history[-1] if history else {}
        return Trial(
            number=number,
            repeat=plan.repeat,
            drawn=plan.drawn,
            epochs=len(history),
            updates=updates_of(plan.settings, self._size.images, len(history)),
            score=score,
            loss=last.get("val_loss"),
            accuracy=last.get("val_accuracy"),
            reason=reason,
            complete=complete,
        )

    def _show(self, trial: Trial, done: str) -> None:
        drawn = ", ".join(f"{key} {_short(value)}" for key, value in trial.drawn.items())
        found = trial.reason if trial.score is None else f"validation {self._decision.words} {trial.score:.4f}"
        show(f"{self._variant}  trial {done}  {found}  ({drawn})")


def _short(value: Scalar) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)
