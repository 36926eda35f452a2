"""Compare the variants before and after tuning, as two experiments.

Reads:  params.yaml, data/<dataset>.yaml and the data
Writes: DVC experiments untuned-<dataset> and tuned-<dataset>, with their MLflow runs
Run:    hemline tuned [--trials 20] [--variants dense-128,linear]
"""

from collections.abc import Mapping
from typing import Any

from tabulate import tabulate

from commands.queue import checked
from commands.sizes import files_of, with_variants
from hemline.comparison.enough import interval
from hemline.comparison.evaluated import Evaluated
from hemline.comparison.metrics import decision_of, find_metric
from hemline.errors import InputError
from hemline.experiments.declared import run_all
from hemline.params import TUNED, Params, load_params
from hemline.report.tuning import rows, searched, sentences
from hemline.terminal.arguments import option

_TRIALS = 20


@option("--trials", type=int, help=f"trials of each search; default: tuning.trials if it is above 0, or {_TRIALS}")
@option("--variants", help="variants to compare with the baseline, separated by commas; default: all")
def main(trials: int | None = None, variants: str | None = None) -> None:
    """Run both experiments, unless they exist, and print the gains and verdicts of both."""
    params = with_variants(load_params(chosen=False), variants)
    declared = experiments(params, (params.tuning.trials or _TRIALS) if trials is None else trials)
    for values in declared.values():
        checked(values)
    untuned, tuned = run_all(declared).values()
    print(table(params, Evaluated(files=files_of(untuned)), Evaluated(files=files_of(tuned)), tuned))


def experiments(params: Params, trials: int) -> dict[str, dict[str, Any]]:
    """Return what params.yaml holds in both experiments, by their names.

    Raises:
        InputError: there is no trial, or nothing to compare.
    """
    if len(params.variants) == 1:
        raise InputError("VARIANTS: must be one or more besides the baseline, got none")
    if trials < 1:
        raise InputError(f"TRIALS: must be 1 or more, got {trials}")
    values = params.model_dump(exclude_unset=True, exclude={"cluster"})
    tuning = params.tuning.model_dump(exclude_unset=True)
    return {
        f"{name}-{params.dataset}": values | {"tuning": tuning | {"trials": number}}
        for name, number in (("untuned", 0), ("tuned", trials))
    }


def table(params: Params, untuned: Evaluated, tuned: Evaluated, revision: str) -> str:
    """Return a row per variant with both gains and verdicts, and below what was searched and chosen."""
    metric = find_metric(params.metric)
    decision, names = decision_of(metric), list(params.variants)
    both = [each.comparison(names, [metric.key]).to_dict("records") for each in (untuned, tuned)]
    searches = searched(names, TUNED, files_of(revision))
    chosen = {row.variant: " / ".join(row.chosen) for row in rows(searches, params)}

    def cell(row: Mapping[Any, Any]) -> str:
        if row["variant"] == params.baseline:
            return f"{metric.show(row[metric.key])}, baseline"
        return f"{interval(decision.unit, row['gain'], row['gain_low'], row['gain_high'])}, {row['verdict']}"

    cells = [
        [first["variant"], cell(first), cell(second), chosen[first["variant"]] or "as it is"]
        for first, second in zip(*both, strict=True)
    ]
    of = decision.unit.heading(f"gain in test {decision.words} over {params.baseline}")
    header = ["variant", f"untuned: {of} [95 % interval]", "tuned", "settings chosen"]
    return "\n".join(
        [tabulate(cells, header, tablefmt="github", disable_numparse=True), "", *sentences(searches, params)]
    )
