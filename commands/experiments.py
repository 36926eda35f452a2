"""List the experiments in a table that can be read at 80 columns, or for programs: what each changed, and its gains.

Reads:  what `dvc exp show` knows
Run:    python -m commands.experiments [--all] [--json | --csv]
"""

from rich.console import Console

from hemline.dependencies.looks import count_evaluations, sentence
from hemline.errors import one_line_errors
from hemline.experiments.files import as_csv, as_json
from hemline.experiments.listed import listed
from hemline.experiments.table import table
from hemline.processes.dvc import dvc_json, unknown_form
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
        shown = dvc_json("exp", "show", *(["--all-commits"] if everywhere else []))
        try:
            rows = listed(shown, everywhere=everywhere)
        except (KeyError, TypeError):
            raise unknown_form("exp", "show") from None
        if options.json or options.csv:
            print(as_json(rows) if options.json else as_csv(rows))
            return
        Console(highlight=False).print(table(rows))
        if evaluations := count_evaluations():
            print(sentence(evaluations))
        if not any(row.is_experiment for row in rows):
            more = "" if everywhere else "; those of other commits: make experiments ALL=1"
            print(f"No experiments yet: dvc exp run -S epochs=20{more}")


if __name__ == "__main__":
    main()
