"""Train one variant, once per seed, side by side: here, or on the workers of a cluster.

Reads:  params.yaml, data/normalized/ (train, validation; of test, the images only, to predict them)
Writes: models/<variant>/: seed-<seed>.keras, history, layers, probabilities, settings; an MLflow run a seed
Run:    python -m stages.train dense-128
"""

import shutil
import sys
from collections.abc import Callable
from concurrent.futures import CancelledError
from functools import partial
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING

import joblib

from hemline.cluster.ahead import needed_variants
from hemline.cluster.executor import executor
from hemline.data.normalized import Normalized
from hemline.dependencies.running import check_code_unchanged
from hemline.errors import InputError, one_line_errors, writing
from hemline.families.registry import family_of
from hemline.jobs.checkpoint import StageCheckpoints, checkpoint_folder
from hemline.jobs.job import Executor, LostError, TrainingJob, TrainingSpec
from hemline.jobs.progress import Progress, resumption, show
from hemline.jobs.result import TrainingResult
from hemline.jobs.settings import Settings
from hemline.jobs.trained import Trained
from hemline.outputs import Outputs
from hemline.params import Params, load_params
from hemline.processes.drafts import draft
from hemline.processes.durations import note_duration, timed
from hemline.processes.dvc import refuse_copy_of_shallow_clone
from hemline.processes.ending import TERMINATED, asked_to_end, prompt_end
from hemline.processes.garbage import collect_rarely
from hemline.processes.leftovers import keep_temporary_files_apart, remove_if_dead
from hemline.processes.lock import locked
from hemline.processes.waiting import as_completed, wait_for
from hemline.terminal.arguments import parser
from hemline.terminal.training import place, training_bar
from hemline.tracking.recorder import RECORDED, Recorder
from hemline.training.resume import Row

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


def main() -> None:
    """Train the variant named on the command line."""
    arguments = parser(__doc__, "python -m stages.train dense-128")
    arguments.add_argument("variant", help="a name under `variants` in params.yaml")
    with one_line_errors(), timed():
        variant = arguments.parse_args().variant
        refuse_copy_of_shallow_clone()  # where only code was edited, the stage check does not run
        params = load_params()
        keep_temporary_files_apart()
        Settings.of(params, variant)
        # DVC that is killed leaves its stage running; the next `dvc repro` must not write beside it.
        waiting = f"{variant}: another process is still training it; waiting for its end"
        with locked(_lock_of(variant), waiting), prompt_end():
            train(params, variant, before_handing_on=partial(check_unchanged, params, variant))


def check_unchanged(params: Params, variant: str) -> None:
    """Check that the models were trained with the current settings in params.yaml.

    DVC reads the file again when a stage has ended, and would note the new settings beside the models of the old.

    Raises:
        InputError: the settings of ``variant``, the seeds or what is recorded are not those of ``params`` any more.
    """
    check_code_unchanged()
    then, now = ((Settings.by_seed(each, variant), each.record_test) for each in (params, load_params()))
    if then != now:
        raise InputError(
            f"params.yaml: the settings of {variant} must stay as they are while it trains, but were changed; "
            "`dvc repro` trains by the new ones, or, with the old ones back, takes over what is trained"
        )


def train(params: Params, variant: str, before_handing_on: Callable[[], None] = lambda: None) -> None:
    """Train ``variant`` for all seeds, and write the stage's output.

    Where ``before_handing_on`` raises, it writes nothing, and the checkpoints stay.
    """
    collect_rarely()
    _remove_leftovers(variant)
    settings, by_seed = Settings.of(params, variant), Settings.by_seed(params, variant)
    family = family_of(settings.training)
    # First of all, because its process imports MLflow while this one, or another, imports TensorFlow.
    with Recorder(settings, by_seed) as recorder, executor(params.cluster, family.prepare) as trainings:
        digests = Normalized().digests(test_labels=params.record_test)
        with draft() as new:
            trained = Trained(variant, new.folder)
            trained.create(settings, by_seed)
            name = place(variant, list(params.variants))
            others = partial(_jobs_of_others, params, variant, digests)
            prefetch = partial(trainings.prefetch, others, needed_variants)
            runs = []
            for spec, seeds in _specs(params, variant, digests).items():
                runs.append(_Run(spec, trained, recorder, StageCheckpoints(variant, spec.key, key_of=spec.key_of)))
                runs[-1].train(trainings, seeds, name, prefetch)
            _write(trained, {seed: result for run in runs for seed, result in run.results.items()}, list(by_seed))
            before_handing_on()
            new.put(variant, Trained(variant).path)
        for run in runs:
            run.close()
        _note_duration(variant, [result for run in runs for result in run.results.values()])


def _specs(params: Params, variant: str, digests: dict[str, str]) -> dict[TrainingSpec, list[int]]:
    """Return the seeds that are trained with equal settings, by their spec: several, where searches chose several."""
    seeds: dict[TrainingSpec, list[int]] = {}
    for seed, settings in Settings.by_seed(params, variant).items():
        seeds.setdefault(TrainingSpec.of(settings, digests, record_test=params.record_test), []).append(seed)
    return seeds


def _jobs_of_others(params: Params, variant: str, digests: dict[str, str]) -> list[TrainingJob]:
    """Return the trainings that stages of other variants may need."""
    others = [_specs(params, other, digests) for other in params.variants if other != variant]
    return [
        TrainingJob(spec, seed, checkpoints=checkpoint_folder())
        for specs in others
        for spec, seeds in specs.items()
        for seed in seeds
    ]


def _remove_leftovers(variant: str) -> None:
    """Remove the leftovers of killed trainings: this variant's, and others whose process is gone."""
    for folder in RECORDED.glob("*"):
        if folder.name == variant:
            shutil.rmtree(folder, ignore_errors=True)
        else:
            remove_if_dead(_lock_of(folder.name), folder)


def _lock_of(variant: str) -> Path:
    return Path(f".hemline/train-{variant}.lock")


def _write(trained: Trained, results: dict[int, TrainingResult], seeds: list[int]) -> None:
    """Write everything but the models, which are written, in the order of ``seeds``."""
    history = [
        {"seed": seed} | {key: value for key, value in row.items() if key not in {"seconds", "at"}}
        for seed in seeds
        for row in results[seed].history
    ]
    first = results[seeds[0]]
    probabilities = {name: [results[seed].predicted[name] for seed in seeds] for name in first.predicted}
    notes = list(dict.fromkeys(note for seed in seeds for note in results[seed].notes))
    for note in notes:
        show(f"{trained.variant}: {note}")
    trained.write(history, first.layers, probabilities, notes)


def _note_duration(variant: str, results: list[TrainingResult]) -> None:
    """Note the mean duration of these trainings; those kept from an earlier output have none."""
    sums = [sum(row.get("seconds", 0.0) for row in each.history) for each in results]
    if timed := [each for each in sums if each]:
        note_duration(f"training@{variant}", sum(timed) / len(timed))


class _Run:
    """Trainings with equal settings: record and show each epoch, keep each result."""

    def __init__(self, spec: TrainingSpec, draft: Trained, recorder: Recorder, checkpoints: StageCheckpoints) -> None:
        self._spec, self._draft, self._recorder, self._checkpoints = spec, draft, recorder, checkpoints
        self._settings = spec.settings
        self._epochs = family_of(spec.settings.training).epochs(spec.settings.training)
        self._rows: dict[int, list[Row]] = {}
        self._lock = Lock()  # trainings report their epochs from threads
        self.results: dict[int, TrainingResult] = {}  # by seed

    def close(self) -> None:
        """Remove the checkpoints: the stage has written its output."""
        self._checkpoints.close(remove=True)

    def train(self, trainings: Executor, seeds: list[int], name: str, announce: Callable[[], None]) -> None:
        """Train those seeds that earlier, interrupted runs have not finished.

        ``name`` is that of the variant on a bar; ``announce`` is called when all trainings have been submitted.
        """
        finished = {seed: found for seed in seeds if (found := self._checkpoints.finished(seed))}
        rest = [seed for seed in seeds if seed not in finished]
        begun = {seed: len(part.history) for seed in rest if (part := self._checkpoints.state(seed))}
        kept = [seed for seed, result in finished.items() if result.recorded]
        if kept:
            show(f"{self._settings.variant}: kept: the trainings of seeds {', '.join(map(str, kept))}")
        if begun or len(finished) > len(kept):
            show(resumption(self._settings.variant, [seed for seed in finished if seed not in kept], begun))
        for seed, result in finished.items():
            if result.recorded:
                self._keep(seed, result)
                continue
            self.begin(seed, result.history)
            self._finish(seed, result)
        at_once, parent = min(len(rest), joblib.cpu_count()), self._checkpoints.parent
        jobs = [TrainingJob(self._spec, seed, at_once, parent) for seed in rest]
        epochs = self._epochs
        early = getattr(self._settings.training, "stop_below_loss", None) is not None
        done = dict.fromkeys(rest, 0) | begun | dict.fromkeys(finished, epochs)
        # Within the block that hears Ctrl-C, so that nothing of the bar is left on the terminal.
        with asked_to_end() as self._asked, training_bar(name, done, epochs, may_end_early=early) as self._show:
            try:
                self._do(trainings, jobs, announce)
            except CancelledError:
                sys.exit(TERMINATED)

    def _do(self, trainings: Executor, jobs: list[TrainingJob], announce: Callable[[], None]) -> None:
        """Run all ``jobs``; the first failure is raised, and ends the others unless they are unaffected."""
        futures = {trainings.submit(job, self): job for job in jobs}
        announce()
        failure: Exception | None = None
        try:
            for future in as_completed(futures, partial(self._look, trainings)):
                try:
                    result = future.result()
                except CancelledError as error:
                    trainings.check_alive()  # because those of a scheduler that has gone are cancelled, too
                    failure = failure or error
                    continue
                except LostError as error:
                    self._show(f"{error}; the others go on")
                    failure = error
                    continue
                self._finish(futures[future].seed, result)
                self._checkpoints.finish(futures[future].seed, result)
                trainings.acknowledge(futures[future])
        except CancelledError:
            raise
        except Exception:
            trainings.stop()
            wait_for(futures)
            raise
        if failure is not None:
            raise failure

    def _look(self, trainings: Executor) -> None:
        self._asked.raise_if_interrupted()
        trainings.check_alive()

    def begin(self, seed: int, earlier: list[Row]) -> None:
        """Record that a training begins; a worker that replaces a dead one begins again."""
        with self._lock:
            if seed not in self._rows:
                self._rows[seed] = list(earlier)
                self._recorder.start(seed, self._checkpoints.training_id, earlier)

    def epoch(self, seed: int, row: Row) -> None:
        """Record and show an epoch, if it is the next.

        A worker that takes over repeats those since its checkpoint. Where earlier ones are missing, because a scheduler
        remembers some hundreds of events only, all are reported at the end.
        """
        with self._lock:
            rows = self._rows.get(seed)
            if rows is None or row["epoch"] != len(rows) + 1:
                return
            rows.append(row)
            figures = {key: value for key, value in row.items() if key != "at"}
            self._recorder.epoch(seed, figures, int(row["at"]))
            progress = Progress(self._settings.variant, seed, int(row["epoch"]), self._epochs)
            self._show(progress.line({key: value for key, value in figures.items() if key != "seconds"}))

    def asked_to_end(self, seed: int) -> bool:  # noqa: ARG002 - all seeds alike
        """Return whether this process was asked to end."""
        return self._asked.is_set()

    def _finish(self, seed: int, result: TrainingResult) -> None:
        """Write and record the result of a training, with epochs that were not reported while it ran."""
        self.begin(seed, [])
        for row in result.history:
            self.epoch(seed, row)
        self._keep(seed, result)
        self._recorder.finish(seed, result.served, self._draft.model_sha256(seed))

    def _keep(self, seed: int, result: TrainingResult) -> None:
        """Write the large parts of a result, and keep the rest in memory."""
        path = self._draft.model_path(seed)
        with writing(path):
            path.write_bytes(result.model)
        predicted = {name: self._in_file(seed, name, array) for name, array in result.predicted.items()}
        self.results[seed] = result._replace(predicted=predicted, model=b"", served=result.served._replace(content=b""))

    def _in_file(self, seed: int, name: str, array: "NDArray[np.float32]") -> "NDArray[np.float32]":
        """Return a memory-mapped array, because those of all seeds may not fit into memory."""
        beside = Outputs(self._draft.path.parent, stage=self._draft.stage)
        beside.write_array(f"seed-{seed}-{name}", array)
        return beside.read_array(f"seed-{seed}-{name}")


if __name__ == "__main__":
    main()
