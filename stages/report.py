"""Write the report: the verdict, the comparison and what stands behind them, as one offline page and one summary.

Reads ``params.yaml``, ``data/<dataset>.yaml``, ``data/normalized/``, ``models/*/history.csv``, ``reports/evaluation/``.
Writes ``reports/index.html``, ``reports/summary.md``, ``reports/figures/``.

Run it with ``python -m stages.report``.
"""

from pathlib import Path

from hemline.errors import one_line_errors
from hemline.params import load_params
from hemline.report import comparison_table, render, write
from hemline.results import load_results

REPORTS = Path("reports")


def main() -> None:
    """Read, render, write; end with the comparison on the terminal."""
    with one_line_errors():
        results = load_results(load_params())
        write(render(results), REPORTS)
    print(comparison_table(results))
    print(f"\nThe whole report: {REPORTS / 'index.html'}")


if __name__ == "__main__":
    main()
