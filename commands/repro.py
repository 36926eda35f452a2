"""Run the pipeline as `dvc repro` does, without its advice to `dvc push` if no remote is configured.

If DVC restored an evaluation from its run-cache, no stage ran, so this command writes the gains to MLflow.

Run: hemline repro
"""

import sys
from typing import Any

from dvc.cli import main as dvc
from dvc.config import Config
from dvc.ui import ui

from hemline.tracking.published import publish_restored

_ADVICE = "Use `dvc push`"


def main(others: list[str]) -> None:
    """Pass the arguments on to `dvc repro`, and end with its status."""
    write = ui.write

    def write_what_holds(*objects: Any, **options: Any) -> None:
        if not str(*objects[:1]).startswith(_ADVICE) or Config.from_cwd()["remote"]:
            write(*objects, **options)

    ui.write = write_what_holds
    if status := dvc(["repro", *others]):
        sys.exit(status)
    publish_restored()
