"""What a run is called: what tells it from the others of its experiment, and nothing that is as usual."""

import itertools
import re
from typing import Any

from hemline.jobs.trained import Settings
from hemline.params import Normalize, Training

_USUAL = Training(hidden=[]).model_dump() | Normalize().model_dump()
# In this order, and the keys that have no abbreviation behind them, in full.
_SHORT = {
    "optimizer": "",
    "activation": "",
    "batch_size": "b",
    "learning_rate": "lr",
    "dropout": "dropout",
    "scale": "scale",
    "validation_split": "val",
    "train_share": "share",
    "stop_below_loss": "stop",
}
_NAMED_OTHERWISE = {"epochs", "hidden"}


def run_name(settings: Settings, seed: int) -> str:
    """Return a name that says what differs: variant, layers it does not name, epochs, what is not usual, seed."""
    values = settings.flat()
    unusual = [_setting(key, values[key]) for key in _keys() if values[key] != _USUAL[key]]
    return " ".join([settings.variant, *_layers(settings), f"e{settings.training.epochs}", *unusual, f"s{seed}"])


def _keys() -> list[str]:
    others = [key for key in _USUAL if key not in _SHORT.keys() | _NAMED_OTHERWISE]
    return [key for key in _SHORT if key in _USUAL] + others


def _setting(key: str, value: Any) -> str:
    number = isinstance(value, int | float) and not isinstance(value, bool)
    return f"{_SHORT.get(key, f'{key} ')}{f'{value:g}' if number else value}"


def _layers(settings: Settings) -> list[str]:
    """Return the hidden layers, as in "512-256", "128x4" or "0", unless they are the numbers that end the name."""
    groups = [(units, len(list(group))) for units, group in itertools.groupby(settings.training.hidden)]
    layers = "-".join(f"{units}x{times}" if times > 1 else f"{units}" for units, times in groups)
    named = re.search(r"(\d+(x\d+)?(-\d+(x\d+)?)*)?$", settings.variant)
    return [] if named and named[0] == layers else [f"h{layers or 0}"]
