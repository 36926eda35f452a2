"""List the experiments, in a table of 80 columns or for programs: changed settings and gains.

Reads:  the output of `dvc exp show`
Run:    hemline experiments
        hemline experiments --all
"""

from rich.console import Console

from hemline.dependencies.looks import count_evaluations, sentence
from hemline.experiments.files import as_csv, as_json
from hemline.experiments.listed import listed
from hemline.experiments.table import table
from hemline.processes.dvc import dvc_json, unknown_form
from hemline.terminal.arguments import option


@option("--all", dest="everywhere", action="store_true", help="list those of every commit")
@option("--json", group="form", action="store_true", help="print JSON; gains are fractions")
@option("--csv", group="form", action="store_true", help="print CSV, one line per gain")
def main(everywhere: bool, json: bool, csv: bool) -> None:
    """Print the table."""
    shown = dvc_json("exp", "show", *(["--all-commits"] if everywhere else []))
    try:
        rows = listed(shown, everywhere=everywhere)
    except (KeyError, TypeError):
        raise unknown_form("exp", "show") from None
    if json or csv:
        print(as_json(rows) if json else as_csv(rows))
        return
    Console(highlight=False).print(table(rows))
    if evaluations := count_evaluations():
        print(sentence(evaluations))
    if not any(row.is_experiment for row in rows):
        more = "" if everywhere else "; those of other commits: make experiments ALL=1"
        print(f"No experiments yet: dvc exp run -S epochs=20{more}")
