"""Write the comparison of the workspace into the README, and its figure beside it, so that neither is ever typed.

Reads:  params.yaml, data/<dataset>.yaml, data/normalized/, models/, reports/evaluation/
Writes: README.md, docs/gain.png
Run:    python -m commands.readme
"""

from pathlib import Path

from hemline.errors import InputError, one_line_errors
from hemline.params import load_params
from hemline.report.figures import figures
from hemline.report.page import comparison_table, verdict_on
from hemline.report.readme import rewrite
from hemline.report.results import load_results
from hemline.terminal.arguments import parser


def main() -> None:
    """Rewrite the section, and draw the figure."""
    with one_line_errors():
        results = load_results(load_params())
        if not results.others:
            raise InputError("variants: must be at least one beside the baseline; add one to params.yaml")
        content = f"**{verdict_on(results).answer}**\n\n{comparison_table(results)}"
        changed = rewrite(Path("README.md"), "summary", content)
        Path("docs/gain.png").write_bytes(figures(results)["gain.png"].png())
        print("README.md: " + ("rewritten" if changed else "is up to date"))


if __name__ == "__main__":
    parser(__doc__, "python -m commands.readme").parse_args()
    main()
