"""Train every variant with more seeds: existing trainings are kept, and only the new ones run.

Reads:  params.yaml, models/, data/normalized/
Writes: `seeds` in params.yaml, and what `dvc exp run` writes
Run:    hemline seeds 10
"""

import subprocess
import sys

from hemline.comparison.power import MOST_SEEDS
from hemline.errors import InputError
from hemline.params import Params, load_params
from hemline.processes.dvc import dvc_json, environment
from hemline.terminal.arguments import option


@option("number", type=int, help="total number of seeds")
def main(number: int) -> None:
    """Keep the trainings, then run the pipeline with the further seeds, as a DVC experiment."""
    params = load_params()
    seeds = extended(params.seeds, number)
    _keep(params)
    command = ["dvc", "exp", "run", "-S", f"seeds=[{','.join(map(str, seeds))}]"]
    sys.exit(subprocess.run(command, check=False, env=environment()).returncode)


def extended(seeds: list[int], number: int) -> list[int]:
    """Return this number of seeds: the given ones, then the smallest others.

    Raises:
        InputError: there are as many already, or more are asked for than a comparison can use.
    """
    if not len(seeds) < number <= MOST_SEEDS:
        rule = f"must be more than the {len(seeds)} seeds in params.yaml, and at most {MOST_SEEDS:,}"
        raise InputError(f"N: {rule}, got {number}")
    others = (seed for seed in range(number) if seed not in seeds)
    return [*seeds, *others][:number]


def _keep(params: Params) -> None:
    """Keep the trainings of the variants that are up to date; the others would train again in any case."""
    from hemline.jobs.kept import keep_trainings  # noqa: PLC0415 - after mistakes

    status = dvc_json("status")
    for variant in params.variants:
        if f"train@{variant}" not in status:
            keep_trainings(params, variant)
