"""Look at the test set, once: score every model, compare every variant with the baseline.

Reads:  params.yaml, data/<dataset>.yaml, data/normalized/ (test), models/
Writes: reports/metrics.json, reports/evaluation/; test figures on the MLflow runs
Run:    python -m stages.evaluate
"""

from concurrent.futures import BrokenExecutor, ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

from hemline.dataset import load_dataset
from hemline.errors import one_line_errors
from hemline.evaluated import Evaluation
from hemline.params import Params, load_params
from hemline.runtime import start_tensorflow
from hemline.splits import Labelled, read_split
from hemline.tracking.record import warn
from hemline.trained import Trained


def main() -> None:
    """Evaluate the variants that params.yaml lists."""
    with one_line_errors():
        params = load_params()
        dataset = load_dataset(params.dataset)
        test = read_split("test")
        # MLflow takes seconds to import: in a process beside this one, it is ready when the results are.
        with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as beside:
            beside.submit(_publish, [])
            start_tensorflow()
            evaluation = Evaluation(params.baseline, dataset.classes, test.labels)
            for variant in params.variants:
                _evaluate(params, variant, test, evaluation)
            evaluation.write(Path("reports"))
            try:
                beside.submit(_publish, list(params.variants)).result()
            except BrokenExecutor as error:  # that process was killed; the results are in place
                warn(error)


def _evaluate(params: Params, variant: str, test: Labelled, evaluation: Evaluation) -> None:
    from hemline.model import describe_layers, load_model, predict  # noqa: PLC0415 - TensorFlow must be started first

    trained = Trained(variant)
    history = trained.history()
    for seed in params.seeds:
        model = load_model(trained.model_path(seed))
        last = history[history.seed == seed].iloc[-1].to_dict()
        evaluation.add(variant, last, predict(model, test.images), trained.model_sha256(seed))
    evaluation.describe(variant, describe_layers(model), history)
    accuracy = evaluation.accuracies(variant).mean()
    print(f"{variant}: test accuracy {accuracy:.4f}, the mean over {len(params.seeds)} seeds", flush=True)


def _publish(variants: list[str]) -> None:
    from hemline.tracking.publish import publish  # noqa: PLC0415 - only the process beside needs it

    if variants:
        publish(variants)


if __name__ == "__main__":
    main()
