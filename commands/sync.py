"""Add missing runs to the MLflow store, from the results of the workspace; a second time, it adds nothing.

Run: hemline sync
"""

import sys

from hemline.params import load_params
from hemline.terminal.bar import bar
from hemline.tracking import store
from hemline.tracking.address import local_database, tracking_uri
from hemline.tracking.publish import publish
from hemline.tracking.registry import find_champion

_OTHERS = "to add the runs of another commit: `git checkout`, `dvc checkout` and `make sync`"


def main() -> None:
    """Give every model of the workspace its full run."""
    params = load_params()
    with store.reached():
        store.bring_along()
    database = local_database(tracking_uri())
    missing = database is not None and not database.exists()
    with bar("MLflow", sum(len(params.seeds_of(variant)) for variant in params.variants), "trainings") as advance:
        complete = publish(list(params.variants), advance)
    if not complete:
        sys.exit(1)
    if missing:
        print(f"{database}: rebuilt from the current workspace; {_OTHERS}")
    find_champion(params.dataset)  # registers it again, where only its files are left
