"""Look at the test set's labels, once: score every model, compare every variant with the baseline.

Reads:  params.yaml, data/normalized/ (labels, classes), data/findings/ (duplicates), models/
Writes: reports/metrics.json, reports/evaluation/
Run:    python -m stages.evaluate
"""

import math

from hemline.comparison.doubts import Doubts, Predicted, doubts, merged
from hemline.comparison.enough import seeds_warning
from hemline.comparison.evaluated import Evaluated
from hemline.comparison.evaluation import Evaluation
from hemline.comparison.metrics import find_metric
from hemline.data.findings import Findings
from hemline.data.normalized import POOL, Normalized
from hemline.errors import one_line_errors
from hemline.families.registry import family_of
from hemline.jobs.solved import Solved
from hemline.jobs.trained import Trained
from hemline.params import Params, check_unchanged, load_params
from hemline.processes.durations import timed
from hemline.processes.garbage import collect_rarely
from hemline.processes.leftovers import keep_temporary_files_apart
from hemline.terminal.arguments import parser
from hemline.words import percent


def main() -> None:
    """Evaluate the variants that params.yaml lists."""
    with one_line_errors(), timed():
        keep_temporary_files_apart()
        collect_rarely()
        params = load_params()
        evaluation = evaluate(params)
        check_unchanged(params)
        Evaluated().write(evaluation)


def evaluate(params: Params) -> Evaluation:
    """Score and compare the variants, and print the accuracy of each.

    Raises:
        InputError: an output of an earlier stage is missing or inconsistent.
    """
    normalized = Normalized().of_seed(params.seeds[0])
    labels, classes = normalized.labels("test"), normalized.about().classes
    duplicates, groups = Findings().duplicates(len(labels)), Findings().groups(len(labels))
    train, metric = normalized.labels("train"), find_metric(params.metric)
    evaluation = Evaluation(
        params.baseline,
        classes,
        labels,
        train,
        duplicates,
        groups=groups,
        validation_groups=Findings().groups(len(normalized.labels("validation")), "validation"),
        metric=metric,
        margin=params.equivalence_margin,
        searches=params.searches,
    )
    for variant in params.variants:
        trained, seeds = Trained(variant), params.seeds_of(variant)
        settings = [params.training(variant, seed) for seed in seeds]
        probabilities = trained.probabilities("test", (len(seeds), len(labels), len(classes)))
        validation = _on_validation(variant, params)
        evaluation.add(
            variant,
            trained.history(),
            probabilities,
            {seed: trained.model_sha256(seed) for seed in seeds},
            int(trained.layers()["parameters"].sum()),
            has_epochs=family_of(settings[0]).has_epochs(settings[0]),
            # Of the largest batch: then the part of each training that is looked at has enough steps.
            steps_per_epoch=min(math.ceil(len(train) / getattr(each, "batch_size", len(train))) for each in settings),
            validation=validation,
        )
        of_seeds = [(own, each.labels) for each in validation for own in each.probabilities]
        evaluation.calibrations.add(variant, probabilities, of_seeds)
        mean = evaluation.accuracies(variant).mean()
        over = f"the mean over {len(seeds)} seeds" if len(seeds) > 1 else "of one training"
        print(f"{variant}: test accuracy {percent(mean)} %, {over}", flush=True)
    _add_solved(params, evaluation)
    if warning := seeds_warning(len(params.all_seeds()), params.searches):
        print(warning, flush=True)
    evaluation.doubts = _doubts(params, evaluation)
    return evaluation


def _add_solved(params: Params, evaluation: Evaluation) -> None:
    """Also compare with the solution of a trained linear baseline: a variant, or the output of the stage solve."""
    linear = params.linear_models()
    if linear.get(params.baseline) != "trained":
        return
    if params.solved_beside():
        evaluation.add_solved(Solved().probabilities())
    else:
        name = next(name for name, how in linear.items() if how == "solved")
        evaluation.add_solved(_on_test(name, params).probabilities, name)


def _doubts(params: Params, evaluation: Evaluation) -> Doubts:
    """Compare the labels of images that no model trained on with the predictions of the chosen variant."""
    chosen = evaluation.selection().chosen or params.baseline
    validation, per_seed = _on_validation(chosen, params), Normalized().per_seed
    sets = {POOL: merged(validation)} if per_seed else {"validation": validation[0]}
    return doubts(chosen, sets | {"test": _on_test(chosen, params)}, evaluation.classes)


def _on_test(variant: str, params: Params) -> Predicted:
    """Return the predictions of a variant's models for the test images."""
    labels = Normalized().labels("test")
    shape = (len(params.seeds_of(variant)), len(labels), len(Normalized().about().classes))
    return Predicted(labels, Trained(variant).probabilities("test", shape))


def _on_validation(variant: str, params: Params) -> list[Predicted]:
    """Return the same for the validation images; of each seed, where each has its own."""
    normalized, seeds = Normalized(), params.seeds_of(variant)
    sets = [normalized.of_seed(seed) for seed in seeds] if normalized.per_seed else [normalized]
    labels = [each.labels("validation") for each in sets]
    shape = (len(seeds), max(map(len, labels)), len(normalized.about().classes))
    found = Trained(variant).probabilities("validation", shape)
    if not normalized.per_seed:
        return [Predicted(labels[0], found)]
    return [
        Predicted(own, found[place : place + 1, : len(own)], sets[place].places("validation"))
        for place, own in enumerate(labels)
    ]


if __name__ == "__main__":
    parser(__doc__, "python -m stages.evaluate").parse_args()
    main()
