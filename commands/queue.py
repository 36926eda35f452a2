"""Queue experiments, after checking their parameters; files that git does not track yet are included.

Reads:  params.yaml, data/<dataset>.yaml
Writes: DVC's queue; nothing if a parameter is wrong
Run:    hemline queue dataset=mnist epochs=5,10,20

What `dvc exp run --queue` queues runs later, in copies of what git knows: a mistake would show only there.
"""

import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from hemline.data.description import load_dataset
from hemline.errors import InputError, first_line
from hemline.jobs.agreement import check_agreement
from hemline.params import Params, load_params, parse_params
from hemline.processes.dvc import check_copies, run_dvc, staged, untracked
from hemline.schema import read_yaml
from hemline.terminal.arguments import option

PARAMS = Path("params.yaml")
NEXT = """
dvc queue start          # runs them one after the other; with -j 2, two at a time
dvc queue status         # shows which are queued, running, done or failed
dvc queue logs NAME      # prints the output of one of them
make experiments         # lists the results; dvc exp show lists all metrics"""


@option("changes", nargs="*", metavar="key=value", help="key of params.yaml; commas separate experiments' values")
def main(changes: list[str]) -> None:
    """Check every experiment, then queue them all."""
    changes = overrides(changes)
    experiments = [checked(values) for values in combinations(changes)]
    check_copies()
    files = untracked(sorted({params.dataset for params in experiments}))
    options = [option for change in changes for option in ("-S", change)]
    # Staged only for as long: what is queued is the files as they are now, whatever becomes of them.
    with staged(files):
        run_dvc("exp", "run", "--queue", *options)
    if files:
        print(f"With {', '.join(files)}, which git does not know yet.")
    print(NEXT)


def checked(values: Any) -> Params:
    """Return the parameters of one experiment after checking them, also against its data set.

    Raises:
        InputError: the key, the rule, the value received.
    """
    params = parse_params(values, PARAMS)
    check_agreement(params, load_dataset(params.dataset))
    return params


def overrides(changes: list[str]) -> list[str]:
    """Return changes as DVC's ``-S`` takes them, where a key of a variant may be one that params.yaml has not yet.

    They are ``key=value``, or ``~key`` to take a variant out.

    Raises:
        InputError: a change is of another form, or for another file.
    """
    for change in changes:
        key, equals, _ = change.partition("=")
        if ":" in key or not (equals or key.startswith("~")):
            raise InputError(f"changes: must be key=value, a key of params.yaml, or ~variants.name, got {change!r}")
    return [f"++{change}" if change.startswith("variants.") else change for change in changes]


def combinations(changes: list[str]) -> Iterator[Any]:
    """Return what params.yaml would hold in each experiment: one for every combination of values.

    ``changes`` are as ``overrides`` returns them; ``key=value,value`` is several experiments.

    Raises:
        InputError: they cannot be made.
    """
    from dvc.exceptions import DvcException  # noqa: PLC0415 - takes a second
    from dvc.utils.cli_parse import to_path_overrides  # noqa: PLC0415
    from dvc.utils.hydra import apply_overrides, get_hydra_sweeps  # noqa: PLC0415
    from hydra.errors import HydraException  # noqa: PLC0415

    load_params(PARAMS)  # reports mistakes that do not come from the changes
    with tempfile.TemporaryDirectory() as folder:
        draft = Path(folder) / PARAMS.name
        try:
            for each in get_hydra_sweeps(to_path_overrides(changes)):
                draft.write_bytes(PARAMS.read_bytes())
                if each:
                    apply_overrides(draft, each[str(PARAMS)])
                yield read_yaml(draft)
        except (DvcException, HydraException) as error:
            raise InputError(
                f"changes: {first_line(error.__cause__ or error).rstrip('.')}, got {' '.join(changes)!r}"
            ) from None
