"""Running the trials of a search, side by side; those that an interrupted run has finished are kept."""

import json
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import joblib

from hemline.comparison.metrics import Decision, decision_of, find_metric
from hemline.data.normalized import Normalized
from hemline.errors import InputError
from hemline.families.space import Scalar
from hemline.jobs.checkpoint import checkpoint_folder, fingerprint, remove_checkpoints
from hemline.jobs.job import Executor, LostError, TrainingJob, TrainingSpec
from hemline.jobs.progress import show
from hemline.jobs.result import TrainingResult
from hemline.processes.ending import ShutdownRequest
from hemline.processes.waiting import as_completed, wait_for
from hemline.repository import repository
from hemline.training.resume import Row
from hemline.tuning.sampling import draw
from hemline.tuning.search import Search, programs_first
from hemline.tuning.tuned import Trial

if TYPE_CHECKING:
    from concurrent.futures import Future

# Trainings of trials have seeds of their own: those of the compared models are fresh. Seeds in params.yaml are rarely
# as large.
_FIRST_SEED = 3_000_000_000
# The settings that compiled programs take as arguments.
_ARGUMENTS = ("learning_rate", "epochs", "stop_below_loss", "l2")


class Trials:
    """The trials of one search."""

    def __init__(self, search: Search, asked: ShutdownRequest) -> None:
        """Draw the settings, and find the trials that are finished already.

        ``asked`` says whether this process was asked to end: trainings then end after their current epoch.
        """
        self._search, self._asked = search, asked
        self._decision: Decision = decision_of(find_metric(search.metric))
        self._digests = Normalized().digests(test_labels=False)
        self._labels = Normalized().labels("validation")
        self._drawn = draw(search)
        key = fingerprint(search.model_dump(mode="json", exclude={"trials"}), self._digests)
        self._folder = repository() / ".hemline" / "tuning" / key[:16]
        self._finished = {each.number: each for each in self._read() if each.drawn == self._drawn[each.number]}

    def run(self, executor: Executor) -> list[Trial]:
        """Run the trials that are missing, and return all.

        Raises:
            InputError: every training failed, or the executor did.
            CancelledError: this process was asked to end.
        """
        variant, total = self._search.settings.variant, self._search.trials
        if self._finished:
            show(f"{variant}: kept: {len(self._finished)} of {total} trials")
        order = [each for each in programs_first(self._drawn, _ARGUMENTS) if each not in self._finished]
        jobs = {number: self._job(number, min(len(order), joblib.cpu_count())) for number in order}
        futures = {executor.submit(job, self): number for number, job in jobs.items()}
        try:
            for future in as_completed(futures, partial(self._look, executor)):
                number = futures[future]
                self._finish(number, future)
                remove_checkpoints(jobs[number].spec.key)
                executor.acknowledge(jobs[number])
        except Exception:
            executor.stop()
            wait_for(futures)
            raise
        trials = [self._finished[number] for number in range(total)]
        if all(each.score is None for each in trials):
            raise InputError(f"{variant}: all {total} trials failed: {trials[0].reason}")
        return trials

    def remove(self) -> None:
        """Remove the files of finished trials, and what a kill left of them: the stage has written its output."""
        for number in range(self._search.trials):
            remove_checkpoints(self._job(number, 1).spec.key)
        for path in self._folder.glob("*.json"):
            path.unlink()
        if self._folder.is_dir():
            self._folder.rmdir()

    def begin(self, seed: int, earlier: list[Row]) -> None:
        """Do nothing: a trial is shown when it has ended."""

    def epoch(self, seed: int, row: Row) -> None:
        """Do nothing, likewise."""

    def asked_to_end(self, seed: int) -> bool:  # noqa: ARG002 - all seeds alike
        """Return whether this process was asked to end."""
        return self._asked.is_set()

    def _look(self, executor: Executor) -> None:
        self._asked.raise_if_interrupted()
        executor.check_alive()

    def _job(self, number: int, at_once: int) -> TrainingJob:
        training = self._search.training(self._drawn[number])
        settings = self._search.settings.model_copy(update={"training": training})
        spec = TrainingSpec.of(settings, self._digests, record_test=False)
        return TrainingJob(spec, _FIRST_SEED + number, at_once, checkpoint_folder(), trial=True)

    def _finish(self, number: int, future: "Future[TrainingResult]") -> None:
        try:
            trial = self._scored(number, future.result())
        except LostError:
            raise
        except InputError as error:  # such as a loss that is no longer finite: that is a result, too
            trial = self._trial(number, [], None, str(error))
        self._finished[number] = trial
        self._keep(trial)
        self._show(trial)

    def _scored(self, number: int, result: TrainingResult) -> Trial:
        probabilities = result.predicted["validation"]
        score = self._decision.value(self._decision.scores(probabilities, self._labels), self._labels)
        early = len(result.history) < getattr(self._search.training(self._drawn[number]), "epochs", 1)
        return self._trial(number, result.history, score, "stop_below_loss" if early else "all epochs")

    def _trial(self, number: int, history: list[Row], score: float | None, reason: str) -> Trial:
        training = self._search.training(self._drawn[number])
        images = len(Normalized().labels("train"))
        last = history[-1] if history else {}
        return Trial(
            number=number,
            drawn=self._drawn[number],
            epochs=len(history),
            updates=len(history) * -(-images // getattr(training, "batch_size", images)),
            score=score,
            loss=last.get("val_loss"),
            accuracy=last.get("val_accuracy"),
            reason=reason,
        )

    def _show(self, trial: Trial) -> None:
        drawn = ", ".join(f"{key} {_short(value)}" for key, value in trial.drawn.items())
        found = trial.reason if trial.score is None else f"validation {self._decision.words} {trial.score:.4f}"
        done = f"{len(self._finished)}/{self._search.trials}"
        show(f"{self._search.settings.variant}  trial {done}  {found}  ({drawn})")

    def _keep(self, trial: Trial) -> None:
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            draft = self._folder / f".{trial.number}.draft"
            draft.write_text(trial.model_dump_json())
            draft.replace(self._folder / f"{trial.number}.json")
        except OSError as error:
            show(f"{self._search.settings.variant}: trial {trial.number} is not kept: {error}")

    def _read(self) -> list[Trial]:
        found = []
        for path in sorted(self._folder.glob("*.json")):
            number = int(path.stem)
            if number < len(self._drawn):
                found.append(_read(path))
        return [each for each in found if each]


def _read(path: Path) -> Trial | None:
    try:
        return Trial.model_validate(json.loads(path.read_bytes()))
    except ValueError:  # half of a file
        return None


def _short(value: Scalar) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)
