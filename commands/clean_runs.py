"""Delete for good what was deleted in MLflow's UI: runs, their files and their models. First says how much.

Reads:  the MLflow store, if it is a file
Writes: nothing; with --yes, deletes from it
Run:    hemline clean-runs
        hemline clean-runs --yes
"""

from hemline.params import load_params
from hemline.terminal.arguments import option


@option("--yes", action="store_true", help="delete them; without it, nothing is")
def main(yes: bool) -> None:
    """Count, and delete if asked to."""
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
