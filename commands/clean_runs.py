"""Delete permanently what is marked as deleted in MLflow's UI: runs, their files and their models.

Without --yes, only print how much. On a server, mark the models; its administrator deletes them.

Reads:  the MLflow store
Writes: nothing; with --yes, deletes from it
Run:    hemline clean-runs
        hemline clean-runs --yes
"""

from hemline.params import load_params
from hemline.terminal.arguments import option

_GC = "its administrator's `mlflow gc` deletes both for good"


@option("--yes", action="store_true", help="delete them; without it, only print how much")
def main(yes: bool) -> None:
    """Count, and delete if asked to."""
    from hemline.tracking import store  # noqa: PLC0415 - MLflow; not for --help
    from hemline.tracking.address import local_database, tracking_uri  # noqa: PLC0415
    from hemline.tracking.leftovers import Leftovers  # noqa: PLC0415

    with store.reached():
        opened = store.open_store(load_params().dataset)
        found = Leftovers.find(opened)
        what = f"{len(found.runs)} deleted runs and {len(found.models)} models without a run"
        if not found.runs and not found.models:
            print("Nothing to delete: no run is marked as deleted, and every model has its run.")
        elif local_database(tracking_uri()) is None:
            if yes:
                found.mark(opened)
            models = "the models are now marked as deleted too" if yes else "`make clean-runs YES=1` marks the models"
            print(f"{what} on a server: {models}; then {_GC}")
        else:
            what = f"{what}, {found.size() / 1e6:.1f} MB"
            if yes:
                found.remove(opened)
            done = "deleted for good" if yes else "would be deleted for good by `make clean-runs YES=1`"
            print(f"{what}: {done}")
