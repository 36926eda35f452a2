"""Train one variant, once per seed, side by side.

Reads:  params.yaml, data/normalized/ (train, validation; of test, the images only, to predict them)
Writes: models/<variant>/: seed-<seed>.keras, history, layers, probabilities, settings; an MLflow run a seed
Run:    python -m stages.train dense-128
"""

import argparse
import shutil
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from hemline.data.normalized import Labelled, Normalized
from hemline.errors import one_line_errors
from hemline.params import load_params
from hemline.processes.garbage import collect_rarely
from hemline.processes.lock import locked
from hemline.tracking.recorder import Recorder
from hemline.training.progress import Progress
from hemline.training.trained import Predicted, Settings, Trained

if TYPE_CHECKING:
    from hemline.training.tensorflow import keras
    from hemline.training.trainer import Trainer


def main() -> None:
    """Train the variant named on the command line."""
    parser = argparse.ArgumentParser(description="Train one variant, once per seed.")
    parser.add_argument("variant", help="a name under `variants` in params.yaml")
    with one_line_errors():
        variant = parser.parse_args().variant
        params = load_params()
        settings = Settings.of(params, variant)
        # DVC that is killed leaves its stage running; the next `dvc repro` must not write beside it.
        waiting = f"{variant}: another process is still training it; waiting for its end"
        with locked(Path(f".hemline/train-{variant}.lock"), waiting):
            train(settings, params.seeds, watched_sets(record_test=params.record_test))


def watched_sets(*, record_test: bool) -> dict[str, Labelled]:
    """Return the sets whose figures the history records; training looks at none of them."""
    # The test set is for the analysis of claims about test loss over epochs; no selection may read these columns.
    names = {"val": "validation"} | ({"test": "test"} if record_test else {})
    sets = {prefix: Normalized().read(name) for prefix, name in names.items()}
    return {prefix: labelled for prefix, labelled in sets.items() if len(labelled.labels)}


def predicted_images() -> dict[Predicted, NDArray[np.float32]]:
    """Return the images that the trained models predict for the evaluate stage, which looks at the labels."""
    return {name: Normalized().images(name) for name in ("validation", "test")}


def train(settings: Settings, seeds: list[int], watched: dict[str, Labelled]) -> None:
    """Train ``settings.variant`` for all ``seeds``, and write what the stage hands on."""
    collect_rarely()
    # First of all, because its process imports MLflow while this one imports TensorFlow.
    with Recorder(settings) as recorder:
        from hemline.training.trainer import Trainer  # noqa: PLC0415 - imports TensorFlow, meanwhile

        normalized = Normalized()
        n_classes = len(normalized.about().classes)
        trainer = Trainer(settings.variant, settings.training, n_classes, normalized.read("train"), watched)
        # Elsewhere, until all is there: a training that fails or is killed leaves no half of it in models/.
        draft, final = Trained(settings.variant, Path(".hemline/models")), Trained(settings.variant)
        shutil.rmtree(draft.path, ignore_errors=True)
        draft.path.mkdir(parents=True)
        _train(trainer, settings, seeds, draft, recorder)
        # What is there is an earlier training's, perhaps of other seeds.
        shutil.rmtree(final.path, ignore_errors=True)
        final.path.parent.mkdir(exist_ok=True)
        shutil.move(draft.path, final.path)


def _train(trainer: "Trainer", settings: Settings, seeds: list[int], draft: Trained, recorder: Recorder) -> None:
    """Train, record and show each epoch, and write everything into ``draft``."""
    from hemline.training.model import describe_layers, save_model, serving_model  # noqa: PLC0415
    from hemline.training.trainer import train_seeds  # noqa: PLC0415

    history: list[dict[str, Any]] = []
    layers: list[dict[str, Any]] = []
    predicted: dict[int, dict[Predicted, NDArray[np.float32]]] = {}
    images = predicted_images()
    clocks = dict.fromkeys(seeds, 0.0)

    def on_start(seed: int) -> None:
        clocks[seed] = time.perf_counter()
        recorder.start(seed)

    def on_epoch(seed: int, figures: dict[str, float]) -> None:
        seconds, clocks[seed] = time.perf_counter() - clocks[seed], time.perf_counter()
        history.append({"seed": seed} | figures)
        recorder.epoch(seed, figures | {"seconds": seconds})
        progress = Progress(settings.variant, seed, int(figures["epoch"]), settings.training.epochs)
        print(progress.line(figures), flush=True)

    def on_model(seed: int, model: "keras.Sequential") -> None:
        save_model(model, draft.model_path(seed))
        recorder.finish(seed, serving_model(model, settings.normalize.scale), draft.model_sha256(seed))
        predicted[seed] = {name: trainer.predict(model, array) for name, array in images.items()}
        layers[:] = describe_layers(model)

    train_seeds(trainer, seeds, on_start, on_epoch, on_model)
    probabilities = {name: np.stack([predicted[seed][name] for seed in seeds]) for name in images}
    draft.write(settings, history, layers, probabilities)


if __name__ == "__main__":
    main()
