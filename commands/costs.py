"""Print each variant's metric and costs: parameters, megabytes, seconds of training and prediction.

Reads:  the outputs of the pipeline's stages, and the durations of the last trainings here
Run:    hemline costs
"""

import statistics
import time
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from skops import io as skops

from hemline.families.registry import family_of
from hemline.jobs.trained import Trained
from hemline.params import load_params
from hemline.processes.durations import noted_seconds
from hemline.report.cost_plot import pareto_front
from hemline.report.page import markdown_table
from hemline.report.results import Results, load_results

_IMAGES, _REPETITIONS = 1000, 5


def main() -> None:
    """Time predictions, one variant after the other, and print the table."""
    results = load_results(load_params())
    table, metric = results.comparison, results.metric
    sign = -1 if results.decision.is_loss else 1
    ahead = pareto_front(table["parameters"], sign * table[metric.key])
    figures = ["Parameters", "MB", "Training, s", "1,000 predictions, s"]
    header = ["Variant", f"Test {results.decision.words}", *figures, "Front"]
    rows = [
        [
            row["variant"],
            metric.show(row[metric.key]),
            f"{int(row['parameters']):,}",
            f"{results.megabytes[row['variant']]:.2f}",
            _training(row["variant"]),
            f"{_prediction(results, row['variant']):.3f}",
            "yes" if front else "",
        ]
        for row, front in zip(table.to_dict("records"), ahead, strict=True)
    ]
    print(markdown_table(header, rows))
    print(
        "\nTraining: CPU seconds of one training when it last ran here, the mean over the seeds, or ?. "
        f"Predictions: the median of {_REPETITIONS} runs here. Front: no other variant is better and no larger."
    )


def _training(variant: str) -> str:
    seconds = noted_seconds(f"training@{variant}")
    return "?" if seconds is None else f"{seconds:.1f}"


def _prediction(results: Results, variant: str) -> float:
    """Return the seconds of 1,000 predictions on the test images, repeated if there are fewer."""
    images = np.resize(results.test.images, (_IMAGES, *results.test.images.shape[1:])).astype(np.float32)
    predict = _predictor(results, variant)
    predict(images)  # the first call compiles
    seconds = []
    for _ in range(_REPETITIONS):
        start = time.perf_counter()
        predict(images)
        seconds.append(time.perf_counter() - start)
    return statistics.median(seconds)


def _predictor(results: Results, variant: str) -> Callable[[NDArray[np.float32]], NDArray[np.float32]]:
    """Return the function from raw pixels to probabilities of the model of a variant's first seed."""
    path = Trained(variant).model_path(results.params.seeds_of(variant)[0])
    if path.suffix == ".skops":
        from hemline.tracking.flavors import TRUSTED  # noqa: PLC0415 - imports MLflow

        estimator = skops.load(path, trusted=TRUSTED)
        return lambda images: np.asarray(estimator.predict_proba(images.reshape(len(images), -1)))
    from hemline.training.model import load_model, predict, serving_model  # noqa: PLC0415 - imports TensorFlow

    any_layers = getattr(family_of(results.params.training(variant)), "any_layers", False)
    model = serving_model(load_model(path, any_layers=any_layers), results.params.normalize.scale)
    return lambda images: predict(model, images)
