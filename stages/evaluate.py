"""Look at the test set, once: score every model, compare every variant with the baseline.

Reads:  params.yaml, data/<dataset>.yaml, data/normalized/ (test), models/
Writes: reports/metrics.json, reports/evaluation/; test figures on the MLflow runs
Run:    python -m stages.evaluate
"""

from concurrent.futures import BrokenExecutor, Future
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from hemline.beside import process_beside
from hemline.dataset import load_dataset
from hemline.errors import InputError, one_line_errors
from hemline.params import Params, load_params
from hemline.runtime import collect_rarely, start_tensorflow
from hemline.splits import read_split
from hemline.trained import Trained

if TYPE_CHECKING:
    import pandas as pd

    from hemline.evaluated import Evaluation


class Predicted(NamedTuple):
    """What a variant's models make of the test images."""

    probabilities: NDArray[np.float32]  # (seeds, images, classes)
    layers: "pd.DataFrame"  # as from describe_layers


def main() -> None:
    """Evaluate the variants that params.yaml lists."""
    with one_line_errors():
        params = load_params()
        collect_rarely()
        digests = {variant: model_digests(variant, params.seeds) for variant in params.variants}
        # TensorFlow is imported, and predicts, in a process beside this one: what scores, draws and records takes as
        # long to import, and works on the variants that are ready.
        with process_beside() as beside:
            predictions = {variant: beside.submit(predict, variant, params.seeds) for variant in params.variants}
            _evaluate(params, digests, predictions)


def model_digests(variant: str, seeds: list[int]) -> dict[int, str]:
    """Return the SHA-256 of the variant's models by seed.

    Raises:
        InputError: a model is missing.
    """
    return {seed: Trained(variant).model_sha256(seed) for seed in seeds}


def predict(variant: str, seeds: list[int]) -> Predicted:
    """Let the variant's models, one for each seed, predict the test images."""
    start_tensorflow()
    from hemline import model  # noqa: PLC0415 - TensorFlow must be started first

    images = read_split("test").images
    models = [model.load_model(Trained(variant).model_path(seed)) for seed in seeds]
    return Predicted(np.stack([model.predict(each, images) for each in models]), model.describe_layers(models[0]))


def add(evaluation: "Evaluation", variant: str, digests: dict[int, str], predicted: Predicted) -> None:
    """Add the trainings of a variant, whose models have these ``digests``, to the evaluation."""
    history = Trained(variant).history()
    for (seed, sha256), probabilities in zip(digests.items(), predicted.probabilities, strict=True):
        last = history[history.seed == seed].iloc[-1].to_dict()
        evaluation.add(variant, last, probabilities, sha256)
    evaluation.describe(variant, predicted.layers, history)


def _evaluate(params: Params, digests: dict[str, dict[int, str]], predictions: dict[str, Future[Predicted]]) -> None:
    from hemline.evaluated import Evaluation  # noqa: PLC0415 - seconds, beside the predictions
    from hemline.tracking.publish import publish  # noqa: PLC0415

    evaluation = Evaluation(params.baseline, load_dataset(params.dataset).classes, read_split("test").labels)
    for variant, prediction in predictions.items():
        try:
            add(evaluation, variant, digests[variant], prediction.result())
        except BrokenExecutor:
            raise InputError(
                f"{variant}: the process that predicts was killed, for lack of memory perhaps; run `dvc repro` again"
            ) from None
        mean = evaluation.accuracies(variant).mean()
        print(f"{variant}: test accuracy {mean:.4f}, the mean over {len(params.seeds)} seeds", flush=True)
    evaluation.write(Path("reports"))
    publish(list(predictions))


if __name__ == "__main__":
    main()
