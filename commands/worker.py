"""Start a worker of a cluster: `dask worker` with this project loaded, for the target that results are computed for.

Run:  python -m commands.worker tcp://scheduler:8786 --nworkers 4

All options are those of `dask worker`; each process has one thread, unless --nthreads says otherwise.
"""

import re

from hemline.errors import InputError, one_line_errors
from hemline.target import fix_target
from hemline.terminal.arguments import parser


def main() -> None:
    """Hand the options on to `dask worker`."""
    arguments = parser(__doc__, "python -m commands.worker tcp://scheduler:8786 --nworkers 4")
    arguments.add_argument("scheduler", help="its address", nargs="?")
    arguments.add_argument("--scheduler-file", help="the file that it wrote, in place of its address")
    arguments.add_argument("--nthreads", default="1", help="of each process; default: 1")
    with one_line_errors():
        options, others = arguments.parse_known_args()
        if not options.scheduler_file and not re.search(r":\d+$", options.scheduler or ""):
            raise InputError(f"scheduler: must be an address, such as tcp://host:8786, got {options.scheduler!r}")
        where = ["--scheduler-file", options.scheduler_file] if options.scheduler_file else [options.scheduler]
    # Before any library that heeds it; the processes that train are children, and are started with it.
    fix_target()
    from distributed.cli.dask_worker import main as dask_worker  # noqa: PLC0415

    from hemline.cluster.connect import keep_memory  # noqa: PLC0415

    keep_memory()
    own = ["--nthreads", options.nthreads, "--preload", "hemline.cluster.worker"]
    dask_worker([*where, *others, *own], prog_name="python -m commands.worker")


if __name__ == "__main__":
    main()
