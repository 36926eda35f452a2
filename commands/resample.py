"""Compare the variants on redrawn test sets: one training of each variant on each of K splits of all images.

Reads:  params.yaml, data/<dataset>.yaml and the data
Writes: DVC experiments resample-<dataset>-1 to -K, with their MLflow runs; reports/resampled.csv, reports/resampled.md
Run:    hemline resample 10
"""

from pathlib import Path
from typing import Any

import pandas as pd

from commands.queue import checked
from hemline.comparison.enough import ENOUGH_SEEDS
from hemline.comparison.evaluated import Evaluated
from hemline.comparison.metrics import decision_of, find_metric
from hemline.comparison.redrawn import Redrawn, compare_redrawn
from hemline.comparison.units import Unit
from hemline.data.normalized import Normalized
from hemline.errors import InputError, writing
from hemline.experiments.declared import run_all
from hemline.params import Params, load_params
from hemline.report.page import markdown_table
from hemline.terminal.arguments import option

TABLE, SUMMARY = Path("reports/resampled.csv"), Path("reports/resampled.md")
_MOST = 100
_COVERED = """\
Each redraw divides all images again into training, validation and test images, stratified by class and with groups kept
together, and trains every variant once, with a seed of its own. The intervals cover the choice of these images and of
the seed; they use the variance of Nadeau and Bengio (2003), and verdicts are corrected by Holm's method. No unbiased
estimate of this variance exists (Bengio and Grandvalet 2004): in simulations, such 95 % intervals contained the true
gain in 95 to 98 % of cases. They cannot cover another data set."""


@option("number", type=int, help=f"number of redrawn test sets, {ENOUGH_SEEDS} to {_MOST}")
def main(number: int) -> None:
    """Run the missing redraws as DVC experiments, and compare the variants over all of them."""
    if not ENOUGH_SEEDS <= number <= _MOST:
        raise InputError(f"K: must be {ENOUGH_SEEDS} to {_MOST} redraws, got {number}")
    params = load_params()
    if len(params.variants) == 1:
        raise InputError("variants: must be two or more to be compared, got one")
    declared = experiments(params, number)
    for values in declared.values():
        checked(values)
    revisions = run_all(declared)
    gains, held_to_train = _gains(params, list(revisions.values()))
    rows = compare_redrawn(gains, held_to_train)
    text = summary(rows, params, number)
    with writing(TABLE):
        TABLE.parent.mkdir(exist_ok=True)
        pd.DataFrame(rows).to_csv(TABLE, index=False)
        SUMMARY.write_text(text)
    print(f"{text}\nWritten: {SUMMARY}, {TABLE}")


def experiments(params: Params, number: int) -> dict[str, dict[str, Any]]:
    """Return by the name of a DVC experiment what params.yaml holds in it: redraw and seed have the same number."""
    values = params.model_dump(exclude_unset=True, exclude={"cluster"})
    normalize = values.get("normalize", {}) | {"split": "fixed"}
    return {
        f"resample-{params.dataset}-{redraw}": values | {"normalize": normalize | {"redraw": redraw}, "seeds": [redraw]}
        for redraw in range(1, number + 1)
    }


def summary(rows: list[Redrawn], params: Params, number: int) -> str:
    """Return the comparison in Markdown."""
    decision = decision_of(find_metric(params.metric))
    header = ["Variant", f"{decision.unit.heading('Gain')} [95 % interval]", "Verdict"]
    table = markdown_table(header, [_row(each, decision.unit) for each in rows])
    title = f"Gain over {params.baseline} in test {decision.words} on {params.dataset}, mean over {number} redraws"
    return f"{title}:\n\n{table}\n\n{_COVERED}\n"


def _row(each: Redrawn, unit: Unit) -> list[str]:
    gain, low, high = unit.ends(each._asdict())
    return [each.variant, f"{gain} [{low}, {high}]", each.verdict]


def _gains(params: Params, revisions: list[str]) -> tuple[dict[str, list[float]], float]:
    """Return each variant's gain in each redraw, and the number of test images by that of the other images."""
    from dvc.api import DVCFileSystem  # noqa: PLC0415 - takes a second

    names = [name for name in params.variants if name != params.baseline]
    gains: dict[str, list[float]] = {name: [] for name in names}
    for revision in revisions:
        files = DVCFileSystem(".", rev=revision)
        table = Evaluated(files=files).comparison(names)
        for name, gain in zip(table["variant"], table["gain"], strict=True):
            gains[name].append(gain)
    sizes = {name: len(Normalized(files=files).labels(name)) for name in Normalized(files=files).sets}
    return gains, sizes["test"] / (sum(sizes.values()) - sizes["test"])
