"""The sentence about speed in the docs, and its picture, from a comparison that ``make bench`` has written.

Reads:  benchmarks/results/training.json, training.png
Writes: docs/SPEED.md, docs/speed.png
Run:    python -m benchmarks.readme
"""

import json
import shutil
from pathlib import Path
from typing import Any

from benchmarks.competitors import COMPETITORS
from hemline.errors import InputError, one_line_errors
from hemline.report.readme import rewrite

RESULTS = Path("benchmarks/results")
PAGE = Path("docs/SPEED.md")
ROW, BATCH_SIZE, DEFAULT = "784-128-10", 32, "keras fit"
TURNS = 3


def main() -> None:
    """Rewrite the section."""
    with one_line_errors():
        try:
            text = sentence(json.loads((RESULTS / "training.json").read_text()))
            shutil.copy(RESULTS / "training.png", "docs/speed.png")
        except FileNotFoundError as error:
            raise InputError(f"{error.filename}: no such file; run `make bench`") from None
        changed = rewrite(PAGE, "speed", text)
        print(f"{PAGE}: " + ("rewritten" if changed else "is up to date"))


def sentence(measured: dict[str, Any]) -> str:
    """Return the ratios of one network: to ``fit`` on its defaults, and to the fastest of all that are not ours.

    Raises:
        InputError: the network was not measured against all others, or not thoroughly.
    """
    works = {(row["work"]["row"], row["work"]["batch_size"]): row for row in measured["rows"]}
    others = _others(works.get((ROW, BATCH_SIZE), {"competitors": {}})["competitors"])
    libraries = {name: ratio for name, ratio in others.items() if COMPETITORS[name].library}
    nearest, rival = (min(each, key=lambda name: each[name]["median"]) for each in (libraries, others))
    machine = measured["machine"]
    text = (
        f"With one hidden layer of 128 units and batches of {BATCH_SIZE}, trainings finish {_times(others[DEFAULT])} "
        f"faster than by `keras.Model.fit` on its defaults, and {_times(libraries[nearest])} faster than by the best "
        f"setting of any library ({nearest})"
    )
    if rival != nearest:
        text += f"; against {rival}, {_times(others[rival])}"
    return (
        f"{text}. In brackets is the range over at least {TURNS} turns, on {machine['cores']} cores "
        f"({machine['architecture']}). `make bench` repeats it, once PyTorch is installed: `uv pip install torch`."
    )


def _others(competitors: dict[str, Any]) -> dict[str, dict[str, float]]:
    """Return the ratio of every competitor that is not ours and can do the work; all must have done it, and well."""
    ratios = {}
    for name in COMPETITORS:
        if name.startswith("hemline"):
            continue
        result = competitors.get(name, {"skipped": "not measured"})
        if "skipped" in result:
            raise InputError(f"{ROW}, batch size {BATCH_SIZE}: {name}: {result['skipped']}; run `make bench` with it")
        if not result["same_accuracy"] or len(result["seconds_per_training"]) < TURNS:
            raise InputError(
                f"{ROW}, batch size {BATCH_SIZE}: {name}: must reach the others' accuracy, in {TURNS} turns or more; "
                "run `make bench`"
            )
        ratios[name] = result["ratio"]
    return ratios


def _times(ratio: dict[str, float]) -> str:
    return f"**{ratio['median']:.1f} times** ({ratio['min']:.1f} to {ratio['max']:.1f})"


if __name__ == "__main__":
    main()
