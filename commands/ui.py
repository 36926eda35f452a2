"""Complete the MLflow store, and serve its UI on this machine only.

Run: python -m commands.ui [--port 5000]
"""

import argparse
import sys
from pathlib import Path

from hemline.errors import InputError, one_line_errors
from hemline.foreground import run_in_foreground
from hemline.params import load_params
from hemline.ports import HOST, free_port
from hemline.tracking.publish import publish
from hemline.tracking.server import link, server_environment, ui_command
from hemline.tracking.store import describe, reached, tracking_uri

PORT = 5000


def main() -> None:
    """Publish, print the link, serve until interrupted."""
    parser = argparse.ArgumentParser(description="Serve the MLflow UI on 127.0.0.1.")
    parser.add_argument("--port", type=int, help=f"default: {PORT}, or a free one where that is taken")
    with one_line_errors():
        port = free_port(parser.parse_args().port, PORT)
        params = load_params()
        if Path("reports/evaluation/runs.csv").exists():
            _publish(list(params.variants))
        command = ui_command(port)
        with reached():
            address = link(describe(tracking_uri()) if command is None else f"http://{HOST}:{port}", params.dataset)
        if command is None:
            print(f"MLFLOW_TRACKING_URI names a server: {address}")
            return
        print(f"Runs and their curves: {address}\nCtrl-C ends it.", flush=True)
        sys.exit(run_in_foreground(command, server_environment()))


def _publish(variants: list[str]) -> None:
    """Complete the store; while variants are being trained again, that is impossible, and their curves are wanted."""
    try:
        publish(variants)
    except InputError as error:
        print(f"warning: {error}", file=sys.stderr)


if __name__ == "__main__":
    main()
