"""Print the power for a gain of a given size, and the number of seeds or test images needed.

Reads:  params.yaml, reports/evaluation/pairs.csv
Run:    hemline plan 0.5 [--pair dense-512,dense-128] [--cost]
"""

import math
from collections.abc import Sequence

from tabulate import tabulate

from hemline.comparison.evaluated import Evaluated
from hemline.comparison.metrics import decision_of, find_metric
from hemline.comparison.planning import Plan, plan
from hemline.comparison.units import Unit
from hemline.errors import InputError
from hemline.params import Params, load_params
from hemline.processes.durations import noted_seconds
from hemline.terminal.arguments import option
from hemline.words import percent

_LEGEND = """
Power: the probability that a true difference of this size is shown. Needed: for a power of 80 %, seeds with the current
test images, and images with the current seeds. The seeds' part of the variance is an upper bound, because a few seeds
determine it only roughly."""


@option("gain", type=float, help="the gain to be shown, in the unit of the page: 0.5 is half a percentage point")
@option("--pair", help="two variants, as in dense-512,dense-128; default: each variant and the baseline")
@option("--cost", action="store_true", help="add the seconds of the additional trainings")
def main(gain: float, pair: str | None, cost: bool) -> None:
    """Print a row per variant, or the one of the pair."""
    if not 0 < gain < math.inf:
        raise InputError(f"GAIN: must be a number above 0, got {gain:g}")
    params = load_params()
    evaluated = Evaluated().selection().metric
    if evaluated != params.metric:
        raise InputError(f"metric: {params.metric} in params.yaml, but {evaluated} was evaluated; run `dvc repro`")
    if params.searches > 1:
        rule = (
            f"counts seeds, and the {params.searches} searches of tuning.repeats decide how precise this comparison is"
        )
        raise InputError(f"plan: {rule}; set tuning.repeats to 1")
    decision, names = decision_of(find_metric(params.metric)), _names(pair, params)
    plans = plan(Evaluated().pairs(), params.baseline, gain / decision.unit.factor, names)
    of = " and ".join(names) if names else f"each variant and {params.baseline}"
    number = "one comparison" if plans[0].comparisons == 1 else f"{plans[0].comparisons} comparisons"
    size = decision.unit.after(f"{gain:g}")
    print(f"A difference of {size} in test {decision.words} between {of}, corrected for {number}:\n")
    print(_table(plans, params, decision.unit, cost=cost))
    print(_LEGEND)


def _names(text: str | None, params: Params) -> list[str]:
    names = [name.strip() for name in text.split(",")] if text else []
    if names and (len(names) != 2 or names[0] == names[1]):  # noqa: PLR2004 - a pair
        raise InputError(f"PAIR: must be two variants, as in dense-512,dense-128, got {text!r}")
    for name in names:
        if name not in params.variants:
            raise InputError(f"PAIR: must be two of {', '.join(params.variants)}, got {name!r}")
    return names


def _table(plans: Sequence[Plan], params: Params, unit: Unit, *, cost: bool) -> str:
    """Return a table with a row per plan."""
    rows = []
    for each in plans:
        row = {
            "variant": each.variant,
            "power now": f"{percent(each.power, 0)} %",
            "seeds needed": "no number" if each.seeds is None else str(each.seeds),
            "test images needed": "no number" if each.images is None else f"{each.images:,}",
            "least gain shown now": unit.gain(each.detectable).lstrip("+"),
            "with any number of seeds": unit.gain(each.floor).lstrip("+"),
        }
        rows.append(row | ({"seconds": _cost(each, params)} if cost else {}))
    return tabulate(rows, headers="keys", tablefmt="github", disable_numparse=True)


def _cost(planned: Plan, params: Params) -> str:
    """Return the seconds on one core of the trainings with further seeds, by the last ones here; "?" without any."""
    if planned.seeds is None:
        return ""
    further = max(planned.seeds - len(params.seeds), 0)
    trained = [name for name in (planned.variant, planned.other) if len(params.seeds_of(name)) == len(params.seeds)]
    seconds = [noted_seconds(f"training@{name}") for name in trained]
    return "?" if None in seconds else f"{further * sum(filter(None, seconds)):.0f}"
