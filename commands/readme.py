"""Write the comparison of the workspace into the README and the walk-through, and its figure beside them.

So none of it is ever typed.

Reads:  params.yaml, data/<dataset>.yaml, data/normalized/, models/, reports/evaluation/
Writes: README.md, docs/GETTING-STARTED.md, docs/gain.png
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
    """Rewrite the sections, and draw the figure."""
    with one_line_errors():
        results = load_results(load_params())
        if not results.others:
            raise InputError("variants: must be at least one beside the baseline; add one to params.yaml")
        table = comparison_table(results)
        sections = {
            Path("README.md"): f"**{verdict_on(results).answer}**\n\n{table}",
            Path("docs/GETTING-STARTED.md"): f"```text\n{table}\n```",
        }
        for path, content in sections.items():
            print(f"{path}: " + ("rewritten" if rewrite(path, "summary", content) else "is up to date"))
        Path("docs/gain.png").write_bytes(figures(results)["gain.png"].png())


if __name__ == "__main__":
    parser(__doc__, "python -m commands.readme").parse_args()
    main()
