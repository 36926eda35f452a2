"""Compare the workspace's results with another revision's, and fail if a variant got worse: a gate for a team's CI.

Reads:  params.yaml, data/normalized/, models/, reports/evaluation/, here and at the other revision, through DVC
Writes: reports/gate.md, and the same to the terminal: the table for a pull request
Run:    hemline gate main  # fails what is shown to be worse
        hemline gate main --margin 0.5  # fails what may lose more

Exit status: 0, passed; 1, a variant got worse; 2, no result.
"""

import math
import sys
from pathlib import Path

from hemline.comparison.metrics import decision_of, find_metric
from hemline.comparison.units import POINTS, Unit
from hemline.errors import InputError
from hemline.params import load_params
from hemline.terminal.arguments import option

PAGE = Path("reports/gate.md")
ERROR_STATUS = 2


@option("base", help="a branch, a tag, a commit, or a DVC experiment, such as main")
@option("--margin", metavar="POINTS", help="points that a variant may lose, or another metric's unit")
def main(base: str, margin: str | None) -> None:
    """Compare, write the table, and end with the verdict."""
    if not base.strip():
        raise InputError("base: must name a revision, got an empty text; for example: make gate BASE=main")
    sys.exit(_gate(base.strip(), margin))


def margin_of(text: str, unit: Unit = POINTS) -> float:
    """Return a margin in percentage points as a share, and one in another unit unchanged.

    Raises:
        InputError: it is no number between 0 and 100.
    """
    try:
        points = float(text)
    except ValueError:
        points = math.nan
    if not 0 < points < 100:  # noqa: PLR2004 - per cent
        what = unit.name or "a number"
        raise InputError(f"margin: must be {what}, above 0 and below 100 (0.5, say), got {text!r}")
    return points / unit.factor


def _gate(base: str, text: str | None) -> int:
    from hemline.gate.outcome import compare_with  # noqa: PLC0415 - slow; not for --help
    from hemline.gate.page import render  # noqa: PLC0415

    params = load_params()
    metric = find_metric(params.metric)
    margin = None if text is None else margin_of(text, decision_of(metric).unit)
    outcome = compare_with(base, margin, params.baseline, metric)
    page = render(outcome)
    PAGE.write_text(page)
    print(page, end="")
    return int(bool(outcome.failed))
