"""The table of experiments: as wide as the terminal, and readable at 80 columns."""

from collections.abc import Sequence

from rich.box import SIMPLE_HEAD
from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from hemline.comparison.enough import interval
from hemline.comparison.metrics import Metric, decision_of
from hemline.comparison.units import PLAIN, Unit
from hemline.experiments.listed import Gain, Listed, deciding
from hemline.words import percent

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
    metric = deciding(compared)
    unit = decision_of(metric).unit if metric else PLAIN
    validation = f"Validation{' %' if metric and metric.show is percent else ''}"
    heading = f"{validation}\n{unit.heading('Gain')}\n[95 % interval]"
    made.add_column(heading, overflow="fold", width=_GAIN + 2 * (unit.factor == 1))
    made.add_column("When", width=_WHEN)
    for row in rows:
        name = Padding(Text(row.name), _INDENT) if row.is_experiment else Text(row.name)
        when = row.created.strftime(_CREATED) if row.created else ""
        made.add_row(name, Text("\n".join(row.changed)), Text(_result(row, metric, unit)), Text(when))
    return made


def left_out(rows: Sequence[Listed]) -> str:
    """Say what the table does not show."""
    most = max(row.values for row in rows)
    return (
        "Experiments of a commit: by validation, the best first; gains are of the test images, which must not choose.\n"
        "Gain: of the variants that were changed; else of the best by validation (where unknown: the largest).\n"
        "Changed: against the commit above; in the workspace, against the current commit, whether it has run or not.\n"
        f"Not shown: the rest of the {most} parameters and metrics. `dvc exp show` has a column for each."
    )


def _result(row: Listed, metric: Metric | None, unit: Unit) -> str:
    if row.state == "failed" and row.is_experiment:
        return f"failed: dvc queue logs {row.name}"
    if row.state in {"queued", "running", "failed"}:
        return row.state
    return "\n".join(_gain(gain, metric, unit) for gain in row.gains)


def _gain(gain: Gain, metric: Metric | None, unit: Unit) -> str:
    validation = f" {metric.show(gain.validation)}" if metric and gain.validation is not None else ""
    return f"{gain.variant}{validation}\n{interval(unit, *gain[1:4])}"
