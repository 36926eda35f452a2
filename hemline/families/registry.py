"""The families by name, and the settings of any of them."""

from functools import cache
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules
from typing import TYPE_CHECKING, Annotated, Any, Union

from pydantic import Discriminator, Tag

from hemline.families.family import Family, FamilySettings

DEFAULT = "dense"
# The modules of this package that are no family.
_NO_FAMILIES = {"family", "hyperparameters", "registry", "space"}


def families() -> dict[str, Family]:
    """Return all families by name."""
    return {name: _load(name) for name in _names()}


def family_of(settings: FamilySettings) -> Family:
    """Return the family of a variant's settings."""
    return _load(name_of(settings))


def name_of(settings: FamilySettings) -> str:
    """Return the name of the family of a variant's settings."""
    return str(getattr(settings, "family", DEFAULT))


@cache
def _names() -> list[str]:
    package = Path(__file__).parent
    found = sorted(each.name for each in iter_modules([str(package)]) if each.name not in _NO_FAMILIES)
    return [name.replace("_", "-") for name in found]


@cache
def _load(name: str) -> Family:
    found: Family = import_module(f"hemline.families.{name.replace('-', '_')}").FAMILY
    return found


def advice() -> dict[str, str]:
    """Return the remedy by unknown key of a dense network's settings: it may belong to another family."""
    own = _load(DEFAULT).settings.model_fields
    return {
        key: f"is a key of the family {name}, which `family: {name}` beside it chooses"
        for name, family in families().items()
        for key in family.settings.model_fields
        if key not in own
    }


def _tag(value: Any) -> str | None:
    name = value.get("family") or DEFAULT if isinstance(value, dict) else name_of(value)
    return name if isinstance(name, str) else None


if TYPE_CHECKING:
    AnySettings = FamilySettings
else:
    _tagged = tuple(Annotated[family.settings, Tag(name)] for name, family in families().items())
    # The settings of any family, told apart by `family`.
    AnySettings = Annotated[
        Union.__getitem__(_tagged),  # by its method, because their number is known at run time only
        Discriminator(
            _tag,
            custom_error_type="family",
            custom_error_message=f"family must be one of {', '.join(_names())}",
        ),
    ]
