"""List the experiments in a table that can be read at 80 columns: what each changed, and what came of it.

Reads:  what `dvc exp show` knows
Run:    python -m commands.experiments [--all]
"""

import json
import subprocess
import sys

from rich.console import Console

from hemline.errors import InputError, one_line_errors
from hemline.experiments.listed import listed
from hemline.experiments.table import table
from hemline.processes.dvc import environment
from hemline.terminal.arguments import parser


def main() -> None:
    """Print the table."""
    arguments = parser(__doc__, "python -m commands.experiments", "python -m commands.experiments --all")
    arguments.add_argument("--all", action="store_true", help="those of every commit")
    with one_line_errors():
        everywhere = arguments.parse_args().all
        command = ["dvc", "exp", "show", "--json", *(["--all-commits"] if everywhere else [])]
        done = subprocess.run(command, check=False, env=environment(), stdout=subprocess.PIPE, text=True)
        if done.returncode:
            sys.exit(done.returncode)
        try:
            rows = listed(json.loads(done.stdout), everywhere=everywhere)
        except (json.JSONDecodeError, KeyError, TypeError):
            raise InputError("dvc exp show --json: answers in an unknown form; see `dvc exp show`") from None
        Console(highlight=False).print(table(rows))
        if not any(row.is_experiment for row in rows):
            more = "" if everywhere else "; those of other commits: make experiments ALL=1"
            print(f"No experiments yet: dvc exp run -S epochs=20{more}")


if __name__ == "__main__":
    main()
