"""The picture of a comparison: how many times faster this trainer is than each competitor."""

from pathlib import Path
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, NullFormatter, StrMethodFormatter

_OURS, _OTHERS = "#1b6ca8", "#b8c4ce"


def draw(rows: list[dict[str, Any]], path: Path) -> None:
    """Draw the median ratio of every competitor with its range over the turns: networks down, batch sizes across."""
    networks = list(dict.fromkeys(row["work"]["row"] for row in rows))
    sizes = list(dict.fromkeys(row["work"]["batch_size"] for row in rows))
    figure = Figure(figsize=(2 + 4.5 * len(sizes), 0.8 + 2.3 * len(networks)), layout="constrained")
    panels = figure.subplots(len(networks), len(sizes), squeeze=False, sharey="row")
    for panel in panels.flat:
        panel.set_visible(False)  # some may not have been measured
    for row in rows:
        work = row["work"]
        _panel(panels[networks.index(work["row"]), sizes.index(work["batch_size"])], row)
    figure.supxlabel("seconds per training, relative to this trainer with its seeds side by side", fontsize=10)
    figure.savefig(path, dpi=120)


def _panel(panel: Axes, row: dict[str, Any]) -> None:
    ratios = {name: result["ratio"] for name, result in row["competitors"].items() if "ratio" in result}
    names = list(reversed(ratios))
    panel.set_visible(True)
    for place, name in enumerate(names):
        ratio = ratios[name]
        panel.barh(place, ratio["median"], color=_OURS if name.startswith("hemline") else _OTHERS)
        panel.plot([ratio["min"], ratio["max"]], [place, place], color="black", linewidth=1)
        panel.text(ratio["max"], place, f"  {ratio['median']:.1f}", va="center", fontsize=8)
    panel.set_yticks(range(len(names)), names, fontsize=8)
    panel.set_xscale("log")
    # From below 1, so that what would be faster than ours has a bar as well.
    panel.set_xlim(0.3, 100)
    panel.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    panel.xaxis.set_major_formatter(StrMethodFormatter("{x:g}"))
    panel.xaxis.set_minor_formatter(NullFormatter())
    panel.tick_params(axis="x", labelsize=8)
    panel.axvline(1, color="black", linewidth=0.5)
    panel.set_title(f"{row['work']['row']}, batches of {row['work']['batch_size']}", loc="left", fontsize=10)
    panel.spines[["top", "right"]].set_visible(False)
