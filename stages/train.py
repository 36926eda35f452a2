"""Train one variant, once per seed, side by side.

Reads:  params.yaml, data/<dataset>.yaml, data/normalized/ (train, validation)
Writes: models/<variant>/: seed-<seed>.keras, history.csv, settings.json; an MLflow run per seed
Run:    python -m stages.train dense-128
"""

import argparse
import shutil
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from filelock import FileLock, Timeout

from hemline.dataset import load_dataset
from hemline.errors import one_line_errors
from hemline.params import load_params
from hemline.runtime import start_tensorflow
from hemline.splits import Labelled, read_split
from hemline.tracking.record import Recorder
from hemline.trained import Settings, Trained

if TYPE_CHECKING:
    import keras

    from hemline.trainer import Trainer


def main() -> None:
    """Train the variant named on the command line."""
    parser = argparse.ArgumentParser(description="Train one variant, once per seed.")
    parser.add_argument("variant", help="a name under `variants` in params.yaml")
    with one_line_errors():
        variant = parser.parse_args().variant
        params = load_params()
        settings = Settings.of(params, variant)
        # DVC that is killed leaves its stage running; the next `dvc repro` must not write beside it.
        with _alone(variant):
            train(settings, params.seeds, watched_sets(record_test=params.record_test))


def watched_sets(*, record_test: bool) -> dict[str, Labelled]:
    """Return the sets whose figures the history records; training looks at none of them."""
    # The test set is for the analysis of claims about test loss over epochs; no selection may read these columns.
    names = {"val": "validation"} | ({"test": "test"} if record_test else {})
    sets = {prefix: read_split(name) for prefix, name in names.items()}
    return {prefix: labelled for prefix, labelled in sets.items() if len(labelled.labels)}


def train(settings: Settings, seeds: list[int], watched: dict[str, Labelled]) -> None:
    """Train ``settings.variant`` for all ``seeds``, and write what the stage hands on."""
    # First of all, because its process imports MLflow while this one imports TensorFlow.
    with Recorder(settings) as recorder:
        start_tensorflow()
        from hemline.trainer import Trainer  # noqa: PLC0415 - TensorFlow must be started first

        n_classes = len(load_dataset(settings.dataset).classes)
        trainer = Trainer(settings.variant, settings.training, n_classes, read_split("train"), watched)
        # Elsewhere, until all is there: a training that fails or is killed leaves no half of it in models/.
        draft, final = Trained(settings.variant, Path(".hemline/models")), Trained(settings.variant)
        shutil.rmtree(draft.folder, ignore_errors=True)
        draft.folder.mkdir(parents=True)
        draft.write(settings, _train(trainer, settings, seeds, draft, recorder))
        # What is there is an earlier training's, perhaps of other seeds.
        shutil.rmtree(final.folder, ignore_errors=True)
        final.folder.parent.mkdir(exist_ok=True)
        shutil.move(draft.folder, final.folder)


def _train(
    trainer: "Trainer", settings: Settings, seeds: list[int], draft: Trained, recorder: Recorder
) -> list[dict[str, Any]]:
    """Train, record and show each epoch, save the models in ``draft``; return the history."""
    from hemline.model import save_model, serving_model  # noqa: PLC0415
    from hemline.trainer import train_seeds  # noqa: PLC0415

    history: list[dict[str, Any]] = []
    clocks = dict.fromkeys(seeds, 0.0)

    def on_start(seed: int) -> None:
        clocks[seed] = time.perf_counter()
        recorder.start(seed)

    def on_epoch(seed: int, figures: dict[str, float]) -> None:
        seconds, clocks[seed] = time.perf_counter() - clocks[seed], time.perf_counter()
        history.append({"seed": seed} | figures)
        recorder.epoch(seed, figures | {"seconds": seconds})
        print(_line(settings, seed, figures), flush=True)

    def on_model(seed: int, model: "keras.Sequential") -> None:
        save_model(model, draft.model_path(seed))
        recorder.finish(seed, serving_model(model, settings.normalize.scale), draft.model_sha256(seed))

    train_seeds(trainer, seeds, on_start, on_epoch, on_model)
    return history


def _line(settings: Settings, seed: int, figures: dict[str, float]) -> str:
    shown = "  ".join(f"{key} {value:.4f}" for key, value in figures.items() if key != "epoch")
    return f"{settings.variant}  seed {seed}  epoch {figures['epoch']}/{settings.training.epochs}  {shown}"


def _alone(variant: str) -> FileLock:
    Path(".hemline").mkdir(exist_ok=True)
    lock = FileLock(f".hemline/train-{variant}.lock")
    try:
        return lock.acquire(timeout=0).lock
    except Timeout:
        print(f"{variant}: another process is still training it; waiting for its end", flush=True)
        return lock.acquire().lock


if __name__ == "__main__":
    main()
