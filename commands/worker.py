"""Start a worker of a cluster: `dask worker` with this project loaded, for the processor target of the project.

Run: hemline worker tcp://scheduler:8786 --nworkers 4

All options are those of `dask worker`; each process has one thread, unless --nthreads says otherwise.
"""

import re

from hemline.errors import InputError
from hemline.target import fix_target
from hemline.terminal.arguments import option


@option("scheduler", help="address of the scheduler", nargs="?")
@option("--scheduler-file", help="the scheduler's file, instead of its address")
@option("--nthreads", default="1", help="threads of each process; default: 1")
def main(scheduler: str | None, scheduler_file: str | None, nthreads: str, others: list[str]) -> None:
    """Pass the options on to `dask worker`."""
    if not scheduler_file and not re.search(r":\d+$", scheduler or ""):
        raise InputError(f"scheduler: must be an address, such as tcp://host:8786, got {scheduler!r}")
    where = ["--scheduler-file", scheduler_file] if scheduler_file else [scheduler]
    # Before any library that heeds it; the processes that train are children, and are started with it.
    fix_target()
    from distributed.cli.dask_worker import main as dask_worker  # noqa: PLC0415

    from hemline.cluster.connect import set_worker_defaults  # noqa: PLC0415

    set_worker_defaults()
    own = ["--nthreads", nthreads, "--preload", "hemline.cluster.worker"]
    dask_worker([*where, *others, *own], prog_name="hemline worker")
