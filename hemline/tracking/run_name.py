"""The names of models and runs: the variant, and the settings that differ from their defaults."""

from typing import Any

from hemline.families.registry import family_of
from hemline.jobs.settings import Settings

# In this order; the other keys follow, in full.
_SHORT = {
    "optimizer": "",
    "activation": "",
    "batch_size": "b",
    "learning_rate": "lr",
    "dropout": "dropout",
    "scale": "scale",
    "validation_split": "val",
    "train_share": "share",
    "train_images": "images",
    "split": "split ",
    "stop_below_loss": "stop",
}
# Keys that the name's beginning stands for.
_NAMED_OTHERWISE = {"epochs", "family"}


def run_name(settings: Settings, seed: int) -> str:
    """Return the name of a model and the seed."""
    return f"{model_name(settings)} s{seed}"


def model_name(settings: Settings) -> str:
    """Return the variant, layers that its name does not say, epochs, and settings that are not default."""
    family = family_of(settings.training)
    usual = _defaults(settings)
    values = settings.flat()
    unusual = [_setting(key, values[key]) for key in _ordered(usual) if values.get(key, usual[key]) != usual[key]]
    label, epochs = family.label(settings.training, settings.variant), family.epochs(settings.training)
    parts = [settings.variant, label, f"e{epochs}" if "epochs" in values else "", *unusual]
    return " ".join(part for part in parts if part)


def _defaults(settings: Settings) -> dict[str, Any]:
    """Return the defaults of those settings that have one."""
    fields = type(settings.training).model_fields | type(settings.normalize).model_fields
    return {key: field.get_default() for key, field in fields.items() if not field.is_required()}


def _ordered(usual: dict[str, Any]) -> list[str]:
    others = [key for key in usual if key not in _SHORT.keys() | _NAMED_OTHERWISE]
    return [key for key in _SHORT if key in usual] + others


def _setting(key: str, value: Any) -> str:
    number = isinstance(value, int | float) and not isinstance(value, bool)
    return f"{_SHORT.get(key, f'{key} ')}{f'{value:g}' if number else value}"
