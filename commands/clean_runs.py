"""Delete for good what was deleted in MLflow's UI: runs, their files and their models. First says how much.

Reads:  the MLflow store, if it is a file
Writes: nothing; with --yes, deletes from it
Run:    python -m commands.clean_runs [--yes]
"""

from hemline.errors import one_line_errors
from hemline.params import load_params
from hemline.terminal.arguments import parser


def main() -> None:
    """Count, and delete if asked to."""
    arguments = parser(__doc__, "python -m commands.clean_runs", "python -m commands.clean_runs --yes")
    arguments.add_argument("--yes", action="store_true", help="delete them; without it, nothing is")
    yes = arguments.parse_args().yes
    with one_line_errors():
        from hemline.tracking import store  # noqa: PLC0415 - MLflow; not for --help
        from hemline.tracking.leftovers import Leftovers, open_local_store  # noqa: PLC0415

        opened = open_local_store(load_params().dataset)
        with store.reached():
            found = Leftovers.find(opened)
            if not found.runs and not found.models:
                print("Nothing to delete: no run is marked as deleted, and every model has its run.")
                return
            megabytes = f"{found.size() / 1e6:.1f} MB"
            what = f"{len(found.runs)} deleted runs and {len(found.models)} models without a run, {megabytes}"
            if not yes:
                print(f"{what}: would be deleted for good by `make clean-runs YES=1`")
                return
            found.remove(opened)
        print(f"{what}: deleted for good")


if __name__ == "__main__":
    main()
