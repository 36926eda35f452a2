"""List the experiments in a table that can be read at 80 columns, or for programs: what each changed, and its gains.

Reads:  what `dvc exp show` knows
Run:    python -m commands.experiments [--all] [--json | --csv]
"""

import json
import subprocess
import sys

from rich.console import Console

from hemline.errors import InputError, one_line_errors
from hemline.experiments.files import as_csv, as_json
from hemline.experiments.listed import listed
from hemline.experiments.table import table
from hemline.processes.dvc import environment
from hemline.terminal.arguments import parser


def main() -> None:
    """Print the table."""
    arguments = parser(__doc__, "python -m commands.experiments", "python -m commands.experiments --all")
    arguments.add_argument("--all", action="store_true", help="those of every commit")
    form = arguments.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true", help="print JSON; gains are fractions")
    form.add_argument("--csv", action="store_true", help="print CSV, a line a gain")
    options = arguments.parse_args()
    with one_line_errors():
        everywhere = options.all
        command = ["dvc", "exp", "show", "--json", *(["--all-commits"] if everywhere else [])]
        done = subprocess.run(command, check=False, env=environment(), stdout=subprocess.PIPE, text=True)
        if done.returncode:
            sys.exit(done.returncode)
        try:
            rows = listed(json.loads(done.stdout), everywhere=everywhere)
        except (json.JSONDecodeError, KeyError, TypeError):
            raise InputError("dvc exp show --json: answers in an unknown form; see `dvc exp show`") from None
        if options.json or options.csv:
            print(as_json(rows) if options.json else as_csv(rows))
            return
        Console(highlight=False).print(table(rows))
        if not any(row.is_experiment for row in rows):
            more = "" if everywhere else "; those of other commits: make experiments ALL=1"
            print(f"No experiments yet: dvc exp run -S epochs=20{more}")


if __name__ == "__main__":
    main()
