"""The experiments for programs: as JSON, or as CSV with a line for each gain. Gains are fractions, times ISO 8601."""

import csv
import io
import json
from collections.abc import Sequence
from typing import Any

from hemline.experiments.listed import Gain, Listed

_ROW = ["name", "is_experiment", "state", "changed", "compared"]


def as_json(rows: Sequence[Listed]) -> str:
    """Return a list of objects."""
    return json.dumps([_known(row) | {"gains": [each._asdict() for each in row.gains]} for row in rows], indent=2)


def as_csv(rows: Sequence[Listed]) -> str:
    """Return a line for each gain, and one for what has none; several changes are separated by semicolons."""
    text = io.StringIO()
    table = csv.DictWriter(text, [*_ROW, "created", *Gain._fields], lineterminator="\n")
    table.writeheader()
    for row in rows:
        known = _known(row)
        known |= {key: "; ".join(known[key]) for key in ("changed", "compared")}
        table.writerows([known | each._asdict() for each in row.gains] or [known])
    return text.getvalue().rstrip("\n")


def _known(row: Listed) -> dict[str, Any]:
    created = row.created.isoformat() if row.created else None
    return {key: getattr(row, key) for key in _ROW} | {"created": created}
