"""Look at the test set's labels, once: score every model, compare every variant with the baseline.

Reads:  params.yaml, data/normalized/ (labels of test, classes), models/
Writes: reports/metrics.json, reports/evaluation/; test figures on the MLflow runs
Run:    python -m stages.evaluate
"""

from hemline.comparison.evaluated import Evaluated
from hemline.comparison.evaluation import Evaluation
from hemline.comparison.statistics import seeds_warning
from hemline.data.normalized import Normalized
from hemline.errors import one_line_errors
from hemline.params import Params, load_params
from hemline.processes.garbage import collect_rarely
from hemline.training.trained import Trained


def main() -> None:
    """Evaluate the variants that params.yaml lists."""
    with one_line_errors():
        collect_rarely()
        params = load_params()
        Evaluated().write(evaluate(params))
        from hemline.tracking.publish import publish_figures  # noqa: PLC0415 - MLflow takes a second to be imported

        publish_figures(list(params.variants))


def evaluate(params: Params) -> Evaluation:
    """Score and compare the variants, and print the accuracy of each.

    Raises:
        InputError: what an earlier stage hands on is missing, or does not fit together.
    """
    normalized = Normalized()
    evaluation = Evaluation(params.baseline, normalized.about().classes, normalized.labels("test"))
    for variant in params.variants:
        trained = Trained(variant)
        evaluation.add(
            variant,
            trained.history(),
            trained.probabilities("test"),
            {seed: trained.model_sha256(seed) for seed in params.seeds},
            int(trained.layers()["parameters"].sum()),
        )
        mean = evaluation.accuracies(variant).mean()
        print(f"{variant}: test accuracy {mean:.4f}, the mean over {len(params.seeds)} seeds", flush=True)
    if warning := seeds_warning(len(params.seeds)):
        print(warning, flush=True)
    return evaluation


if __name__ == "__main__":
    main()
