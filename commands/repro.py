"""Run the pipeline as `dvc repro` does; of its closing advice, leave out `dvc push` where no remote is configured.

Run: python -m commands.repro
"""

import sys
from typing import Any

from dvc.cli import main as dvc
from dvc.config import Config
from dvc.ui import ui

from hemline.terminal.arguments import parser

_ADVICE = "Use `dvc push`"


def main() -> None:
    """Pass the arguments on to `dvc repro`, and end with its status."""
    _, arguments = parser(__doc__, "python -m commands.repro").parse_known_args()
    write = ui.write

    def write_what_holds(*objects: Any, **options: Any) -> None:
        if not str(*objects[:1]).startswith(_ADVICE) or Config.from_cwd()["remote"]:
            write(*objects, **options)

    ui.write = write_what_holds
    sys.exit(dvc(["repro", *arguments]))


if __name__ == "__main__":
    main()
