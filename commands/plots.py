"""Draw what `dvc plots` draws, curves, confusions and figures, as a page that needs no network.

Reads:  what the pipeline has evaluated, here and at the revisions that are named
Writes: dvc_plots/
Run:    python -m commands.plots [main some-experiment]
"""

import tempfile
from pathlib import Path

from hemline.errors import one_line_errors
from hemline.experiments.charts import template
from hemline.processes.dvc import run_dvc
from hemline.terminal.arguments import parser

_OUT = "dvc_plots"


def main() -> None:
    """Let DVC draw into a page with the library inside."""
    arguments = parser(__doc__, "python -m commands.plots", "python -m commands.plots main my-experiment")
    arguments.add_argument("revisions", nargs="*", help="commits or experiments to compare; by default, none")
    with one_line_errors():
        revisions = arguments.parse_args().revisions
        with tempfile.TemporaryDirectory() as folder:
            page = Path(folder) / "template.html"
            page.write_text(template(), encoding="utf8")
            options = ["--out", _OUT, "--html-template", str(page), *(["--", *revisions] if revisions else [])]
            run_dvc("plots", "diff" if revisions else "show", *options)


if __name__ == "__main__":
    main()
