"""Write the report: the verdict, the comparison and what stands behind them, as one offline page and one summary.

Reads:  params.yaml, data/<dataset>.yaml, data/normalized/, models/, reports/evaluation/
Writes: reports/index.html, reports/summary.md, reports/figures/; what MLflow lacks (`hemline/tracking/publish.py`)
Run:    python -m stages.report
"""

from pathlib import Path

from hemline.dependencies.margin import committed
from hemline.errors import one_line_errors
from hemline.params import Params, check_unchanged, load_params
from hemline.processes.durations import timed
from hemline.processes.garbage import collect_rarely
from hemline.processes.leftovers import keep_temporary_files_apart
from hemline.repository import repository
from hemline.target import NOT_THE_TARGET, is_target
from hemline.terminal.arguments import parser
from hemline.tracking.publisher import publisher

REPORTS = Path("reports")


def main() -> None:
    """Read, render, write; end with the comparison on the terminal."""
    with one_line_errors(), timed():
        keep_temporary_files_apart()
        collect_rarely()
        _report(load_params())


def _report(params: Params) -> None:
    with publisher() as publish:
        from hemline.report.page import comparison_table, remarks, render, write  # noqa: PLC0415 - MLflow waits
        from hemline.report.results import load_results  # noqa: PLC0415

        results = load_results(params)
        rendered = render(results, drawn=repository() / ".hemline/figures")
        check_unchanged(params)
        write(rendered, REPORTS)
        publish(list(params.variants))
    print(comparison_table(results))
    if told := remarks(results):
        print("", *told, sep="\n")
    if params.equivalence_margin is not None:
        print("", committed(params.equivalence_margin), sep="\n")  # the page has no dates: DVC compares its bytes
    print(f"\nThe whole report: {REPORTS / 'index.html'}")
    if not is_target():
        print(NOT_THE_TARGET)


if __name__ == "__main__":
    parser(__doc__, "python -m stages.report").parse_args()
    main()
