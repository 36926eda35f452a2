"""Write the diagram of the stages, from dvc.yaml: as Mermaid for GitHub, and as a picture.

Reads:  dvc.yaml, params.yaml
Writes: README.md, docs/stages.svg
Run:    python -m tools.stages
"""

import re
import subprocess
from pathlib import Path

import matplotlib as mpl
import networkx as nx
from matplotlib.figure import Figure

from hemline.errors import one_line_errors
from hemline.report.readme import rewrite
from hemline.schema import read_yaml
from hemline.terminal.arguments import parser

PICTURE = Path("docs/stages.svg")


def main() -> None:
    """Rewrite the section, and draw the picture."""
    parser(__doc__, "python -m tools.stages").parse_args()
    with one_line_errors():
        printed = subprocess.run(["dvc", "dag", "--mermaid"], check=True, capture_output=True, text=True).stdout
        graph = stages(printed)
        several = {name for name, stage in read_yaml(Path("dvc.yaml"))["stages"].items() if "foreach" in stage}
        changed = rewrite(Path("README.md"), "stages", f"```mermaid\n{mermaid(graph, several)}\n```")
        draw(graph, several, PICTURE)
        print("README.md: " + ("rewritten" if changed else "is up to date"))


def stages(printed: str) -> nx.DiGraph:
    """Return what ``dvc dag --mermaid`` prints as a graph, in which one stage stands for those of all variants.

    A stage that is needed by way of another one has no edge of its own (the graph's transitive reduction).
    """
    names = {node: name.partition("@")[0] for node, name in re.findall(r'(node\d+)\["(.+?)"\]', printed)}
    graph = nx.DiGraph((names[one], names[other]) for one, other in re.findall(r"(node\d+)-->(node\d+)", printed))
    graph.add_nodes_from(names.values())
    return nx.transitive_reduction(graph)


def mermaid(graph: nx.DiGraph, several: set[str]) -> str:
    """Return the graph as Mermaid's text; a stage of ``several`` is drawn as more than one."""
    order = list(nx.lexicographical_topological_sort(graph))
    nodes = [f'    {name}[["{name}: each variant"]]' for name in order if name in several]
    edges = [f"    {one} --> {other}" for one in order for other in sorted(graph.successors(one))]
    return "\n".join(["flowchart LR", *nodes, *edges])


def draw(graph: nx.DiGraph, several: set[str], path: Path) -> None:
    """Draw the graph from left to right, each stage a box."""
    with mpl.rc_context({"svg.hashsalt": "stages", "svg.fonttype": "none", "font.family": "sans-serif"}):
        layers = list(nx.topological_generations(graph))
        places = {name: (column, -row) for column, layer in enumerate(layers) for row, name in enumerate(sorted(layer))}
        figure = Figure(figsize=(1.6 * len(layers), 0.9 * max(map(len, layers))))
        axes = figure.add_axes((0, 0, 1, 1))
        axes.set_axis_off()
        axes.set_xlim(-0.5, len(layers) - 0.5)
        axes.set_ylim(0.5 - max(map(len, layers)), 0.5)
        for one, other in sorted(graph.edges):
            arrow = {"arrowstyle": "->", "shrinkA": 36, "shrinkB": 36, "color": "#555555"}
            axes.annotate("", places[other], places[one], arrowprops=arrow)
        for name, place in places.items():
            box = {"boxstyle": "round,pad=0.5", "facecolor": "#e8eef7", "edgecolor": "#3b5b92"}
            axes.text(*place, f"{name}:\neach variant" if name in several else name, ha="center", va="center", bbox=box)
        figure.savefig(path, metadata={"Date": None})


if __name__ == "__main__":
    main()
