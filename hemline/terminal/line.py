"""The line that changes: rich's, one line high; what is printed meanwhile stands above it. Heeds NO_COLOR."""

from rich.console import Console
from rich.progress import BarColumn, Progress, ProgressColumn, TextColumn, TimeRemainingColumn
from rich.table import Column

# Rich tells the time left by the pace of the last so many seconds; an epoch on a large data set may take minutes.
_PACE = 86_400.0
_BAR_WIDTH = 20


class _Console(Console):
    def show_cursor(self, show: bool = True) -> bool:  # noqa: ARG002 - rich's signature
        """Leave the cursor alone: a process that is killed could not bring it back."""
        return False


def text(template: str) -> TextColumn:
    """Return a column of text, which is cut where the terminal is too narrow: a second line would stay behind."""
    return TextColumn(template, markup=False, table_column=Column(no_wrap=True, overflow="ellipsis"))


def line(unit: str, *further: ProgressColumn, left: str = "left") -> Progress:
    """Return a line of a bar, how much is done (``unit`` in the plural) and the time left: from ``start`` to ``stop``.

    ``further`` columns stand beside name, bar, number and time left; ``left`` is said behind the time.
    """
    return Progress(
        text("{task.description}"),
        BarColumn(_BAR_WIDTH),
        text(f"{{task.completed:,.0f}} of {{task.total:,.0f}} {unit}"),
        *further,
        TimeRemainingColumn(compact=True, table_column=Column(no_wrap=True)),
        text(left),
        console=_Console(),
        transient=True,
        speed_estimate_period=_PACE,
    )
