"""Serve the champion on this machine only: raw pixels in, class and probabilities out.

Run: hemline serve --port 5001
"""

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np

from hemline.data.description import load_dataset
from hemline.data.normalized import Normalized
from hemline.errors import InputError
from hemline.params import Params, load_params
from hemline.processes.foreground import run_in_foreground
from hemline.processes.ports import HOST, free_port
from hemline.terminal.arguments import option

PORT = 5001
EXAMPLE = Path(".hemline/example.json")


@option("--port", type=int, help=f"default: {PORT}, or a free one if that is taken")
@option("--example", action="store_true", help="only print a complete request")
def main(port: int | None, example: bool) -> None:
    """Print how to ask, then serve until interrupted."""
    params = load_params()
    if example:
        print(_curl(port or PORT, json.dumps({"inputs": [_example(params)]}, separators=(",", ":"))))
        return
    sys.exit(_serve(params, port))


def _serve(params: Params, wanted_port: int | None) -> int:
    from hemline.tracking.registry import find_champion  # noqa: PLC0415 - slow; not for an example
    from hemline.tracking.server import server_environment, serving_command  # noqa: PLC0415

    port = free_port(wanted_port, PORT)
    champion = find_champion(params.dataset)
    if champion is None:
        raise InputError(f"{params.dataset}: has no champion to serve; run `make promote`")
    EXAMPLE.parent.mkdir(exist_ok=True)
    EXAMPLE.write_text(json.dumps({"inputs": [_example(params)]}))
    print(f"Starting {champion.name} of {params.dataset} ...", flush=True)
    text = (
        f"Ask for an image of the test set from another terminal:\n\n  {_curl(port, f'@{EXAMPLE}')}\n\nCtrl-C ends it."
    )
    return run_in_foreground(serving_command(params.dataset, port), server_environment(), port, text)


def _curl(port: int, data: str) -> str:
    return f"curl http://{HOST}:{port}/invocations -H 'Content-Type: application/json' -d '{data}'"


def _example(params: Params) -> Any:
    """Return raw pixels: the first test image, or a black one where there are none."""
    try:
        normalized = Normalized()
        image = normalized.read("test").images[0]
    except InputError:
        dataset = load_dataset(params.dataset)
        image = np.full(dataset.image_shape, dataset.pixels.lowest, dataset.pixels.type)
    return image.tolist()
