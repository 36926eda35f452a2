"""Train one variant, once per seed, side by side.

Reads:  params.yaml, data/normalized/ (train, validation; of test, the images only, to predict them)
Writes: models/<variant>/: seed-<seed>.keras, history, layers, probabilities, settings; an MLflow run a seed
Run:    python -m stages.train dense-128
"""

import argparse
import shutil
import sys
import time
from collections.abc import Callable
from concurrent.futures import CancelledError, ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from hemline.data.normalized import Labelled, Normalized
from hemline.errors import InputError, one_line_errors
from hemline.outputs import Outputs
from hemline.params import Params, load_params
from hemline.processes.drafts import draft
from hemline.processes.ending import TERMINATED, asked_to_end, prompt_end
from hemline.processes.garbage import collect_rarely
from hemline.processes.leftovers import keep_temporary_files_apart, remove_if_dead
from hemline.processes.lock import locked
from hemline.processes.waiting import result
from hemline.tracking.messages import now
from hemline.tracking.recorder import RECORDED, Recorder
from hemline.training.checkpoint import Checkpoints, Finished, Row, Snapshot, fingerprint
from hemline.training.progress import Progress, resumption, show
from hemline.training.trained import Predicted, Settings, Trained

if TYPE_CHECKING:
    from hemline.training.tensorflow import keras
    from hemline.training.trainer import State, Trainer


def main() -> None:
    """Train the variant named on the command line."""
    parser = argparse.ArgumentParser(description="Train one variant, once per seed.")
    parser.add_argument("variant", help="a name under `variants` in params.yaml")
    with one_line_errors():
        variant = parser.parse_args().variant
        params = load_params()
        keep_temporary_files_apart()
        settings = Settings.of(params, variant)
        # DVC that is killed leaves its stage running; the next `dvc repro` must not write beside it.
        waiting = f"{variant}: another process is still training it; waiting for its end"
        with locked(_lock_of(variant), waiting), prompt_end():
            check = partial(check_unchanged, params, variant)
            train(settings, params.seeds, watched_sets(record_test=params.record_test), before_handing_on=check)


def check_unchanged(params: Params, variant: str) -> None:
    """Refuse models that were trained by other settings than those that stand in params.yaml now.

    DVC reads the file again when a stage has ended, and would note the new settings beside the models of the old.

    Raises:
        InputError: the settings of ``variant``, the seeds or what is recorded are not those of ``params`` any more.
    """
    then, now = ((Settings.of(each, variant), each.seeds, each.record_test) for each in (params, load_params()))
    if then != now:
        raise InputError(
            f"params.yaml: the settings of {variant} must stay as they are while it trains, but were changed; "
            "`dvc repro` trains by the new ones, or, with the old ones back, takes over what is trained"
        )


def watched_sets(*, record_test: bool) -> dict[str, Labelled]:
    """Return the sets whose figures the history records; training looks at none of them."""
    # The test set is for the analysis of claims about test loss over epochs; no selection may read these columns.
    names = {"val": "validation"} | ({"test": "test"} if record_test else {})
    sets = {prefix: Normalized().read(name) for prefix, name in names.items()}
    return {prefix: labelled for prefix, labelled in sets.items() if len(labelled.labels)}


def predicted_images() -> dict[Predicted, NDArray[np.float32]]:
    """Return the images that the trained models predict for the evaluate stage, which looks at the labels."""
    return {name: Normalized().images(name) for name in ("validation", "test")}


def train(
    settings: Settings,
    seeds: list[int],
    watched: dict[str, Labelled],
    before_handing_on: Callable[[], None] | None = None,
) -> None:
    """Train ``settings.variant`` for all ``seeds``, and write what the stage hands on.

    Where ``before_handing_on`` raises, it hands on nothing, and the checkpoints stay.
    """
    collect_rarely()
    _remove_leftovers(settings.variant)
    # First of all, because its process imports MLflow while this one imports TensorFlow.
    with Recorder(settings) as recorder:
        normalized = Normalized()
        labelled, images, n_classes = normalized.read("train"), predicted_images(), len(normalized.about().classes)
        # In a thread: the digest of the data would cost a tenth of a second, but TensorFlow's import takes longer.
        arrays = _arrays({"train": labelled} | watched, images)
        key = ThreadPoolExecutor(1).submit(fingerprint, settings.model_dump(), arrays)
        from hemline.training.memory import check_memory  # noqa: PLC0415 - imports TensorFlow, meanwhile
        from hemline.training.trainer import Trainer  # noqa: PLC0415

        check_memory(settings.variant, settings.training, labelled.images.shape[1:], n_classes, len(seeds))
        trainer = Trainer(settings.variant, settings.training, n_classes, labelled, watched)
        checkpoints = Checkpoints(settings.variant, result(key))
        with draft() as new:
            trained = Trained(settings.variant, new.folder)
            trained.path.mkdir()
            _Run(settings, images, trained, recorder=recorder, checkpoints=checkpoints).train(trainer, seeds)
            if before_handing_on is not None:
                before_handing_on()
            new.put(settings.variant, Trained(settings.variant).path)
        checkpoints.close(remove=True)


def _remove_leftovers(variant: str) -> None:
    """Remove what trainings left that were killed: this variant's, and those of others whose process is gone."""
    for folder in RECORDED.glob("*"):
        if folder.name == variant:
            shutil.rmtree(folder, ignore_errors=True)
        else:
            remove_if_dead(_lock_of(folder.name), folder)


def _lock_of(variant: str) -> Path:
    return Path(f".hemline/train-{variant}.lock")


def _arrays(sets: dict[str, Labelled], images: dict[Predicted, NDArray[np.float32]]) -> dict[str, NDArray[Any]]:
    """Return all that determines the results by their names."""
    return {f"{name} {field}": array for name, each in sets.items() for field, array in each._asdict().items()} | {
        f"{name} predicted": array for name, array in images.items()
    }


class _Run:
    """The trainings of one variant: each epoch is recorded, shown and now and then kept, and all of it written."""

    def __init__(
        self,
        settings: Settings,
        images: dict[Predicted, NDArray[np.float32]],
        draft: Trained,
        *,
        recorder: Recorder,
        checkpoints: Checkpoints,
    ) -> None:
        self._settings, self._images = settings, images
        self._draft, self._recorder, self._checkpoints = draft, recorder, checkpoints
        self._rows: dict[int, list[Row]] = {}
        self._predicted: dict[int, dict[Predicted, NDArray[np.float32]]] = {}
        self._layers: list[dict[str, Any]] = []
        self._clocks: dict[int, float] = {}

    def train(self, trainer: "Trainer", seeds: list[int]) -> None:
        """Train those seeds that earlier, interrupted runs have not finished, and write everything into the draft."""
        from hemline.training.trainer import train_seeds  # noqa: PLC0415

        finished = {seed: found for seed in seeds if (found := self._checkpoints.finished(seed))}
        rest = [seed for seed in seeds if seed not in finished]
        snapshots = {seed: snapshot for seed in rest if (snapshot := self._checkpoints.snapshot(seed))}
        if finished or snapshots:
            show(
                resumption(
                    self._settings.variant, list(finished), {s: len(each.history) for s, each in snapshots.items()}
                )
            )
        for seed, found in finished.items():
            self._adopt(seed, found)
        self._rows |= {seed: list(snapshot.history) for seed, snapshot in snapshots.items()}
        with asked_to_end() as self._asked:
            try:
                finish = partial(self._finish, trainer)
                train_seeds(trainer, rest, self._start, self._epoch, finish, after=snapshots, on_state=self._state)
            except CancelledError:
                sys.exit(TERMINATED)
        self._write(seeds)

    def _start(self, seed: int) -> None:
        if self._asked.is_set():
            raise CancelledError
        self._recorder.start(seed, self._checkpoints.training_id, self._rows.setdefault(seed, []))
        self._clocks[seed] = time.perf_counter()
        self._checkpoints.begin(seed)

    def _epoch(self, seed: int, figures: dict[str, float]) -> None:
        seconds, self._clocks[seed] = time.perf_counter() - self._clocks[seed], time.perf_counter()
        at = now()
        self._rows[seed].append(figures | {"seconds": seconds, "at": at})
        self._recorder.epoch(seed, figures | {"seconds": seconds}, at)
        progress = Progress(self._settings.variant, seed, int(figures["epoch"]), self._settings.training.epochs)
        show(progress.line(figures))

    def _state(self, seed: int, state: "State") -> None:
        from hemline.training.trainer import arrays_of  # noqa: PLC0415

        asked = self._asked.is_set()
        if asked or self._checkpoints.due(seed):
            self._checkpoints.keep(seed, Snapshot(self._rows[seed], arrays_of(state)))
        if asked:
            raise CancelledError

    def _finish(self, trainer: "Trainer", seed: int, model: "keras.Sequential") -> None:
        from hemline.training.model import save_model  # noqa: PLC0415

        save_model(model, self._draft.model_path(seed))
        self._record(seed, model)
        self._predicted[seed] = {
            name: self._in_file(seed, name, trainer.predict(model, array)) for name, array in self._images.items()
        }
        self._checkpoints.finish(seed, Finished(self._rows[seed], self._draft.model_path(seed), self._predicted[seed]))

    def _adopt(self, seed: int, finished: Finished) -> None:
        """Take over a training that has finished already; its run is completed where that is needed."""
        from hemline.training.model import load_model  # noqa: PLC0415

        shutil.copyfile(finished.model, self._draft.model_path(seed))
        self._rows[seed] = finished.history
        self._predicted[seed] = {name: self._in_file(seed, name, finished.predicted[name]) for name in self._images}
        self._recorder.start(seed, self._checkpoints.training_id, finished.history)
        self._record(seed, load_model(finished.model))

    def _in_file(self, seed: int, name: str, array: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return an array memory-mapped: those of all seeds need not fit into memory."""
        beside = Outputs(self._draft.path.parent, stage=self._draft.stage)
        beside.write_array(f"{seed}-{name}.npy", array)
        return beside.read_array(f"{seed}-{name}.npy")

    def _record(self, seed: int, model: "keras.Sequential") -> None:
        from hemline.training.model import describe_layers, serving_model  # noqa: PLC0415

        served = serving_model(model, self._settings.normalize.scale)
        self._recorder.finish(seed, served, self._draft.model_sha256(seed))
        self._layers = describe_layers(model)

    def _write(self, seeds: list[int]) -> None:
        history = [
            {"seed": seed} | {key: value for key, value in row.items() if key not in {"seconds", "at"}}
            for seed in seeds
            for row in self._rows[seed]
        ]
        probabilities = {name: [self._predicted[seed][name] for seed in seeds] for name in self._images}
        self._draft.write(self._settings, history, self._layers, probabilities)


if __name__ == "__main__":
    main()
