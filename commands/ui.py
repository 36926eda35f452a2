"""Add missing runs to the MLflow store, and serve its UI on this machine only.

Run: hemline ui --port 5000
"""

import sys
from typing import NamedTuple

from hemline.comparison.evaluated import Evaluated
from hemline.errors import InputError
from hemline.params import load_params
from hemline.processes.foreground import run_in_foreground
from hemline.processes.helper import helper_process
from hemline.processes.ports import HOST, free_port
from hemline.terminal.arguments import option

PORT = 5000


class Prepared(NamedTuple):
    """The link to the runs, and how they are served; no command where a server of the user's does that."""

    address: str
    command: list[str] | None
    environment: dict[str, str]


@option("--port", type=int, help=f"default: {PORT}, or a free one if that is taken")
def main(port: int | None) -> None:
    """Publish, print the link, serve until interrupted."""
    port = free_port(port, PORT)
    # In a process that ends before the server starts, because its imports would stay in memory.
    with helper_process() as beside:
        prepared = beside.submit(prepare, port).result()
    if prepared.command is None:
        print(f"MLFLOW_TRACKING_URI names a server: {prepared.address}")
        return
    text = f"Runs and their curves: {prepared.address}\nCtrl-C ends it."
    sys.exit(run_in_foreground(prepared.command, prepared.environment, port, text))


def prepare(port: int) -> Prepared:
    """Complete the store, and return how its runs are seen.

    Raises:
        InputError: the store cannot be reached.
    """
    from hemline.tracking import server, store  # noqa: PLC0415 - MLflow, in this process only
    from hemline.tracking.address import tracking_uri  # noqa: PLC0415
    from hemline.tracking.one_line import without_passwords  # noqa: PLC0415

    params = load_params()
    # First, so that an unreachable store is reported once.
    with store.reached():
        command = server.ui_command(port)
        base = without_passwords(tracking_uri()) if command is None else f"http://{HOST}:{port}"
        store.bring_along()
        address = server.link(base, params.dataset)
    if Evaluated().exists():
        complete(list(params.variants))
    return Prepared(address, command, server.server_environment())


def complete(variants: list[str]) -> None:
    """Complete the store; while variants are being trained again, that is impossible, and their curves are wanted."""
    from hemline.tracking.publish import publish  # noqa: PLC0415

    try:
        publish(variants)
    except InputError as error:
        print(f"warning: {error}", file=sys.stderr)
