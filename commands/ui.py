"""Complete the MLflow store, and serve its UI on this machine only.

Run: python -m commands.ui [--port 5000]
"""

import argparse
import socket
import subprocess
import sys
from pathlib import Path

from hemline.errors import InputError, one_line_errors
from hemline.params import load_params
from hemline.tracking.publish import publish
from hemline.tracking.server import link, server_environment, ui_command
from hemline.tracking.store import describe, tracking_uri

PORT = 5000


def main() -> None:
    """Publish, print the link, serve until interrupted."""
    parser = argparse.ArgumentParser(description="Serve the MLflow UI on 127.0.0.1.")
    parser.add_argument("--port", type=int, help=f"default: {PORT}, or a free one where that is taken")
    with one_line_errors():
        port = _port(parser.parse_args().port)
        params = load_params()
        if Path("reports/evaluation/runs.csv").exists():
            publish(list(params.variants))
        command = ui_command(port)
        if command is None:
            print(f"MLFLOW_TRACKING_URI names a server: {link(describe(tracking_uri()), params.dataset)}")
            return
        print(f"Runs and their curves: {link(f'http://127.0.0.1:{port}', params.dataset)}\nCtrl-C ends it.", flush=True)
        sys.exit(subprocess.run(command, env=server_environment(), check=False).returncode)


def _port(wanted: int | None) -> int:
    """Return a port of 127.0.0.1 that is free now.

    Raises:
        InputError: the port that was asked for is not.
    """
    for port in [wanted] if wanted is not None else [PORT, 0]:
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except (OSError, OverflowError) as error:
                if wanted is not None:
                    raise InputError(f"--port: must be a free port of 127.0.0.1, got {wanted}: {error}") from None
                continue
            return int(probe.getsockname()[1])
    raise InputError("--port: no free port on 127.0.0.1")


if __name__ == "__main__":
    main()
