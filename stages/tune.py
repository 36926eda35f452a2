"""Search the settings of one variant: train as many trials as tuning.trials says, and choose by validation images.

Reads:  .inputs/_tune-<variant>.json, the search or that there is none; data/normalized/ (train, validation)
Writes: models/_tuned/<variant>/: the trials and the chosen settings, which the stage train uses
Run:    python -m stages.tune dense-128
"""

import sys
from concurrent.futures import CancelledError
from functools import partial
from typing import TYPE_CHECKING

from hemline.dependencies.running import check_code_unchanged
from hemline.errors import InputError, one_line_errors
from hemline.params import load_params
from hemline.processes.durations import timed
from hemline.processes.ending import TERMINATED, ShutdownRequest, asked_to_end, prompt_end
from hemline.processes.leftovers import keep_temporary_files_apart
from hemline.processes.lock import locked
from hemline.repository import repository
from hemline.terminal.arguments import parser
from hemline.tuning.search import Search, read_search, read_searches
from hemline.tuning.tuned import Tuned

if TYPE_CHECKING:
    from hemline.jobs.job import TrainingJob


def main() -> None:
    """Search the settings of the variant named on the command line, or write that there is no search."""
    arguments = parser(__doc__, "python -m stages.tune dense-128")
    arguments.add_argument("variant", help="a name under `variants` in params.yaml")
    with one_line_errors(), timed():
        variant = arguments.parse_args().variant
        search = read_search(variant)
        if search is None:
            Tuned(variant).write()
            return
        keep_temporary_files_apart()
        waiting = f"{variant}: another process is still searching its settings; waiting for its end"
        with locked(repository() / f".hemline/tune-{variant}.lock", waiting), prompt_end():
            tune(search, load_params(chosen=False).cluster)


def tune(search: Search, cluster: str | None) -> None:
    """Run the trials of ``search`` and write the stage's output; interrupted, it keeps the finished trials."""
    from hemline.cluster.ahead import needed_variants  # noqa: PLC0415
    from hemline.cluster.executor import executor  # noqa: PLC0415 - slow, and not for variants without a search
    from hemline.families.registry import family_of  # noqa: PLC0415
    from hemline.tuning.trials import Trials  # noqa: PLC0415

    variant = search.settings.variant
    with executor(cluster, family_of(search.settings.training).prepare) as running, asked_to_end() as asked:
        trials = Trials(search, asked)
        running.prefetch(partial(_jobs_of_others, variant, asked), partial(needed_variants, "tune"))
        try:
            found = trials.run(running)
        except CancelledError:
            sys.exit(TERMINATED)
    check_code_unchanged()
    if read_search(variant) != search:
        raise InputError(
            f"params.yaml: must stay as it is while {variant} is tuned, but was changed; run `dvc repro` again"
        )
    Tuned(variant).write(search, found)
    trials.remove()


def _jobs_of_others(variant: str, asked: ShutdownRequest) -> list["TrainingJob"]:
    """Return the trainings that the searches of other variants begin with."""
    from hemline.tuning.trials import Trials  # noqa: PLC0415

    others = [search for search in read_searches() if search.settings.variant != variant]
    return [job for search in others for job in Trials(search, asked).first_jobs()]


if __name__ == "__main__":
    main()
