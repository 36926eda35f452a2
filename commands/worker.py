"""Start a worker of a cluster: `dask worker` with this project loaded, for the target that results are computed for.

Run:  python -m commands.worker tcp://scheduler:8786 --nworkers 4

All options are those of `dask worker`; each process has one thread, unless --nthreads says otherwise.
"""

import sys

from hemline.target import fix_target
from hemline.terminal.arguments import parser


def main() -> None:
    """Hand the options on to `dask worker`."""
    arguments = parser(__doc__, "python -m commands.worker tcp://scheduler:8786 --nworkers 4")
    arguments.add_argument("scheduler", help="its address, unless --scheduler-file tells it", nargs="?")
    arguments.parse_known_args()
    # Before any library that heeds it; the processes that train are children, and are started with it.
    fix_target()
    import dask  # noqa: PLC0415
    from distributed.cli.dask_worker import main as dask_worker  # noqa: PLC0415

    # Dask lets its workers give memory back at once; a training then fetches it anew from the system in every step.
    dask.config.set({"distributed.nanny.pre-spawn-environ": {"OMP_NUM_THREADS": "1"}})
    given = sys.argv[1:]
    threads = [] if any(each.startswith("--nthreads") for each in given) else ["--nthreads", "1"]
    dask_worker([*given, *threads, "--preload", "hemline.cluster.worker"], prog_name="python -m commands.worker")


if __name__ == "__main__":
    main()
