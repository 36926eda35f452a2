"""The README's sentence about speed, and its picture, from a comparison that ``make bench`` has written.

Reads:  benchmarks/results/training.json, training.png
Writes: README.md, docs/speed.png
Run:    python -m benchmarks.readme
"""

import json
import shutil
from pathlib import Path
from typing import Any

from benchmarks.competitors import COMPETITORS
from hemline.errors import InputError, one_line_errors
from hemline.readme import rewrite

RESULTS = Path("benchmarks/results")
ROW, BATCH_SIZE, DEFAULT = "784-128-10", 32, "keras fit"


def main() -> None:
    """Rewrite the section."""
    with one_line_errors():
        try:
            measured = json.loads((RESULTS / "training.json").read_text())
            shutil.copy(RESULTS / "training.png", "docs/speed.png")
        except FileNotFoundError as error:
            raise InputError(f"{error.filename}: no such file; run `make bench`") from None
        changed = rewrite(Path("README.md"), "speed", sentence(measured))
        print("README.md: " + ("rewritten" if changed else "is up to date"))


def sentence(measured: dict[str, Any]) -> str:
    """Return the ratios of one network: to ``fit`` on its defaults, and to the fastest of all that are not ours.

    Raises:
        InputError: the network was not measured, or not against ``fit``.
    """
    works = {(row["work"]["row"], row["work"]["batch_size"]): row["competitors"] for row in measured["rows"]}
    others = {
        name: result["ratio"]
        for name, result in works.get((ROW, BATCH_SIZE), {}).items()
        if "ratio" in result and not name.startswith("hemline")
    }
    if DEFAULT not in others:
        raise InputError(f"{ROW}, batch size {BATCH_SIZE}: must be measured against {DEFAULT!r}; run `make bench`")
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
    return f"{text}. Measured on {machine['cores']} cores ({machine['architecture']}); `make bench` repeats it."


def _times(ratio: dict[str, float]) -> str:
    return f"**{ratio['median']:.1f} times** ({ratio['min']:.1f} to {ratio['max']:.1f})"


if __name__ == "__main__":
    main()
