"""The picture of a comparison: how many times faster this trainer is than each competitor."""

from pathlib import Path
from typing import Any

from matplotlib.figure import Figure


def draw(rows: list[dict[str, Any]], path: Path) -> None:
    """Draw the median ratio of every competitor, a panel per row, with its range over the turns."""
    figure = Figure(figsize=(9, 1 + 2.4 * len(rows)), layout="constrained")
    panels = figure.subplots(len(rows), 1, squeeze=False, sharex=True)[:, 0]
    for panel, row in zip(panels, rows, strict=True):
        ratios = {name: result["ratio"] for name, result in row["competitors"].items() if "ratio" in result}
        names = list(reversed(ratios))
        medians = [ratios[name]["median"] for name in names]
        panel.barh(names, medians, color=["#1b6ca8" if name.startswith("hemline") else "#b8c4ce" for name in names])
        for place, name in enumerate(names):
            ratio = ratios[name]
            panel.plot([ratio["min"], ratio["max"]], [place, place], color="black", linewidth=1)
            panel.text(ratio["max"], place, f"  {ratio['median']:.1f}", va="center", fontsize=8)
        panel.axvline(1, color="black", linewidth=0.5)
        panel.set_title(f"{row['work']['row']}, batch size {row['work']['batch_size']}", loc="left", fontsize=10)
        panel.spines[["top", "right"]].set_visible(False)
    panels[-1].set_xlabel("seconds per training, relative to this trainer with its seeds side by side")
    figure.savefig(path, dpi=120)
