"""Run the pipeline as `dvc repro` does; of its closing advice, leave out `dvc push` where no remote is configured.

Run: hemline repro
"""

import sys
from typing import Any

from dvc.cli import main as dvc
from dvc.config import Config
from dvc.ui import ui

_ADVICE = "Use `dvc push`"


def main(others: list[str]) -> None:
    """Pass the arguments on to `dvc repro`, and end with its status."""
    write = ui.write

    def write_what_holds(*objects: Any, **options: Any) -> None:
        if not str(*objects[:1]).startswith(_ADVICE) or Config.from_cwd()["remote"]:
            write(*objects, **options)

    ui.write = write_what_holds
    sys.exit(dvc(["repro", *others]))
