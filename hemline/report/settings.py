"""The table of each variant's settings, for all families."""

from typing import Any, NamedTuple

import pandas as pd

from hemline.families.registry import family_of
from hemline.params import Params

_NONE = "–"  # noqa: RUF001 - an en dash, as elsewhere on the page
# Headings that differ from the key; the second line is small.
_HEADINGS = {
    "hidden": ("Hidden layers", ""),
    "epochs": ("Epochs", "at most"),
    "trained": ("Epochs", "trained"),
    "stop_below_loss": ("Stop below", "training loss"),
}
# Columns of words; columns of numbers are aligned at the right.
_WORDS = {"family", "hidden", "activation", "optimizer", "build", "estimator", "settings"}
# The first columns, in order; other settings follow.
_ORDER = ("family", "hidden", "activation", "optimizer", "learning_rate", "batch_size", "dropout", "epochs", "trained")


class Column(NamedTuple):
    """A column: the key of its cells, and its heading."""

    key: str
    title: str
    small: str
    number: bool


class SettingsTable(NamedTuple):
    """The table: a row has a variant's name and its printed cells by key."""

    columns: list[Column]
    rows: list[tuple[str, dict[str, str]]]


def settings_table(params: Params, runs: pd.DataFrame) -> SettingsTable:
    """Return the settings of each variant, with the epochs that its trainings took.

    Args:
        params: the settings.
        runs: a row per training: variant, epochs.
    """
    epochs = runs.groupby("variant")["epochs"]
    fewest, most = epochs.min(), epochs.max()
    shown: dict[str, dict[str, Any]] = {}
    for name in params.variants:
        values, low, high = _of_searches(params, name), int(fewest[name]), int(most[name])
        trained = f"{low}" if low == high else f"{low} to {high}"
        shown[name] = values | ({"trained": trained} if "epochs" in values else {})
    keys = sorted({key for values in shown.values() for key in values}, key=_place)
    if len({values["family"] for values in shown.values()}) == 1:
        keys.remove("family")
    rows = [(name, {key: _cell(values.get(key)) for key in keys}) for name, values in shown.items()]
    return SettingsTable([_column(key) for key in keys], rows)


def _of_searches(params: Params, name: str) -> dict[str, Any]:
    """Return the settings of a variant; a list of those that its searches have chosen, where they differ."""
    chosen = [params.training(name, seed) for seed in params.seeds_of(name)]
    shown = [family_of(settings).shown(settings) for settings in chosen]
    cells = {key: list(dict.fromkeys(_cell(each.get(key)) for each in shown)) for key in shown[0]}
    return {key: " / ".join(cells[key]) if len(cells[key]) > 1 else shown[0][key] for key in shown[0]}


def _place(key: str) -> tuple[int, str]:
    return _ORDER.index(key) if key in _ORDER else len(_ORDER), key


def _column(key: str) -> Column:
    title, small = _HEADINGS.get(key, (key.replace("_", " ").capitalize(), ""))
    return Column(key, title, small, key not in _WORDS)


def _cell(value: Any) -> str:
    if value is None:
        return _NONE
    if isinstance(value, dict):
        return ", ".join(f"{key} {each}" for key, each in value.items()) or _NONE
    if isinstance(value, list):
        return ", ".join(map(_cell, value)) or "none"
    return f"{value:g}" if isinstance(value, float) else str(value)
