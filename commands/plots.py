"""Draw the charts of `dvc plots`, curves, confusions and figures, as an offline page.

Reads:  the pipeline's results, here and at the given revisions
Writes: dvc_plots/
Run:    hemline plots
        hemline plots main my-experiment
"""

import tempfile
from pathlib import Path

from hemline.experiments.charts import template
from hemline.processes.dvc import run_dvc
from hemline.terminal.arguments import option

_OUT = "dvc_plots"


@option("revisions", nargs="*", help="commits or experiments to compare; by default, none")
def main(revisions: list[str]) -> None:
    """Let DVC draw into a page with the library inside."""
    with tempfile.TemporaryDirectory() as folder:
        page = Path(folder) / "template.html"
        page.write_text(template(), encoding="utf8")
        options = ["--out", _OUT, "--html-template", str(page), *(["--", *revisions] if revisions else [])]
        run_dvc("plots", "diff" if revisions else "show", *options)
