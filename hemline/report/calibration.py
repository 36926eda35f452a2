"""The table on calibration."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import pandas as pd


class Row(NamedTuple):
    """A variant's row, as printed; empty where there is no temperature."""

    variant: str
    error: str
    log_loss: str
    temperature: str
    scaled_error: str
    scaled_log_loss: str


def rows(calibration: pd.DataFrame) -> list[Row]:
    """Return a row for each variant: errors in percentage points, log loss in nats."""
    return [_row(row) for row in calibration.to_dict("records")]


def _row(row: Mapping[Any, Any]) -> Row:
    if pd.isna(row["temperature"]):
        return Row(row["variant"], _error(row), f"{row['log_loss']:.4f}", "", "", "")
    return Row(
        row["variant"],
        _error(row),
        f"{row['log_loss']:.4f}",
        f"{row['temperature']:.2f}",
        _error(row, "scaled_"),
        f"{row['scaled_log_loss']:.4f}",
    )


def _error(row: Mapping[Any, Any], prefix: str = "") -> str:
    value, low, high = (f"{100 * row[f'{prefix}error{end}']:.2f}" for end in ("", "_low", "_high"))
    return f"{value} [{low}, {high}]"
