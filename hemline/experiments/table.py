"""The table of experiments: as wide as the terminal, and readable at 80 columns."""

from collections.abc import Sequence

from rich.box import SIMPLE_HEAD
from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from hemline.comparison.metrics import decision_of, find_metric
from hemline.comparison.units import PLAIN, POINTS, Unit
from hemline.errors import InputError
from hemline.experiments.listed import Gain, Listed

_GAIN = len("+1.23 [+1.23, +1.23]")
_CREATED = "%d %b %H:%M"
_WHEN = len("31 Dec 23:59")
_INDENT = (0, 0, 0, 2)  # at the top, right, bottom, left


def table(rows: Sequence[Listed]) -> RenderableType:
    """Return a table for each data set, baseline and metric, and below them what they leave out."""
    alike: dict[tuple[str, ...], list[Listed]] = {}
    for row in rows:
        alike.setdefault(row.compared, []).append(row)
    return Group(*(_table(compared, own) for compared, own in alike.items()), Text(left_out(rows)))


def _table(compared: tuple[str, ...], rows: Sequence[Listed]) -> Table:
    made = Table(box=SIMPLE_HEAD, pad_edge=False, expand=True, header_style="bold")
    if compared:
        made.title, made.title_justify = f"{compared[0]}, gains over {', '.join(compared[1:])}", "left"
    made.add_column("Experiment", overflow="fold", ratio=1)
    made.add_column("Changed", overflow="fold", ratio=1)
    unit = _unit(compared)
    made.add_column(f"{unit.heading('Gain')}\n[95 % interval]", overflow="fold", width=_GAIN + 2 * (unit.factor == 1))
    made.add_column("When", width=_WHEN)
    for row in rows:
        name = Padding(Text(row.name), _INDENT) if row.is_experiment else Text(row.name)
        when = row.created.strftime(_CREATED) if row.created else ""
        made.add_row(name, Text("\n".join(row.changed)), Text(_result(row, unit)), Text(when))
    return made


def left_out(rows: Sequence[Listed]) -> str:
    """Say what the table does not show."""
    most = max(row.values for row in rows)
    return (
        "Gain: of the variants that were changed; else the largest, the best of several, slightly overstated.\n"
        "Changed: against the commit above; in the workspace, against the current commit, whether it has run or not.\n"
        f"Not shown: the rest of the {most} parameters and metrics. `dvc exp show` has a column for each."
    )


def _result(row: Listed, unit: Unit) -> str:
    if row.state == "failed" and row.is_experiment:
        return f"failed: dvc queue logs {row.name}"
    if row.state in {"queued", "running", "failed"}:
        return row.state
    return "\n".join(_gain(gain, unit) for gain in row.gains)


def _gain(gain: Gain, unit: Unit) -> str:
    estimate, low, high = (unit.gain(value) for value in gain[1:])
    return f"{gain.variant}\n{estimate} [{low}, {high}]"


def _unit(compared: tuple[str, ...]) -> Unit:
    """Return the unit of the metric that is the third; one of another version's is a pure number."""
    if not compared[2:]:
        return POINTS
    try:
        return decision_of(find_metric(compared[2])).unit
    except InputError:
        return PLAIN
