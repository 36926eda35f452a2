"""Print the answer, the number of evaluations of the test set, the path of the page, and a command to try.

Reads:  the outputs of the pipeline's stages
Writes: nothing
Run:    hemline answer
"""

import os
from pathlib import Path

from hemline.comparison.enough import ENOUGH_SEEDS
from hemline.dependencies.looks import count_evaluations, sentence
from hemline.params import load_params
from hemline.report.page import verdict_on
from hemline.report.results import Results, load_results
from hemline.report.undertrained import not_over_solved
from hemline.words import listed

PAGE = Path("reports/index.html")
_LONGER = 4  # the factor of epochs for variants that still improve


def main() -> None:
    """Read, and print."""
    results = load_results(load_params())
    evaluations = count_evaluations()
    looks = [f"Looks: {sentence(evaluations)}"] if evaluations else []
    answer = f"Found: {verdict_on(results).answer}"
    print("\n".join([answer, *looks, f"Page:  {PAGE}", f"Try:   {next_step(results)}"]))


def next_step(results: Results) -> str:
    """Return a command that would improve the answer, and the reason."""
    params, comparison = results.params, results.comparison
    improving = list(comparison.loc[comparison["still_improves"] == "yes", "variant"])
    # A variant with its own number of epochs ignores the common key.
    longer = [name for name in improving if "epochs" not in params.variants[name].model_fields_set]
    if not results.others:
        return "add a variant to params.yaml, as dense: {hidden: [128]}; then make, to compare it with the baseline"
    if len(params.seeds) < ENOUGH_SEEDS:
        return _experiment(f"'seeds={_more_seeds(params.seeds)}'", "with fewer, only large differences can be shown")
    if not_over_solved(comparison):
        known = [name for name, how in params.linear_models().items() if how == "solved"]
        added = [] if known else ["'+variants.logistic.family=logistic'"]
        changes = " -S ".join([*added, f"baseline={[*known, 'logistic'][0]}"])
        return _experiment(changes, "the same linear model, solved, as the baseline")
    if longer:
        verb = "improves" if len(longer) == 1 else "improve"
        return _experiment(f"epochs={_LONGER * params.epochs}", f"{listed(longer)} still {verb}")
    return "make promote, then make serve: serves the best model by validation"


def _more_seeds(seeds: list[int]) -> str:
    """Return a list of enough seeds that begins with the given ones."""
    new = [seed for seed in range(ENOUGH_SEEDS) if seed not in seeds]
    return f"[{','.join(map(str, [*seeds, *new][:ENOUGH_SEEDS]))}]"


def _experiment(change: str, reason: str) -> str:
    # `make` finds DVC without it; a shell does not.
    activated = "" if "VIRTUAL_ENV" in os.environ else ". .venv/bin/activate; "
    return f"{activated}dvc exp run -S {change}  # {reason}"
