"""Everything but the seed that determines a variant's models."""

from typing import Any

from pydantic import SerializerFunctionWrapHandler, model_serializer

from hemline.families.registry import DEFAULT, AnySettings
from hemline.params import Normalize, Params
from hemline.schema import Name, StrictModel

# Keys of a training that earlier versions did not have, and the values that mean the same.
_LATER = {"family": DEFAULT, "l2": 0.0}
_LATER_NORMALIZE = {"split", "redraw", "train_images"}


class Settings(StrictModel):
    """Everything but the seed that determines a variant's models; stored with them, independent of ``params.yaml``."""

    variant: Name
    dataset: Name
    normalize: Normalize
    training: AnySettings

    @classmethod
    def of(cls, params: Params, variant: str, seed: int | None = None) -> "Settings":
        """Return the settings that ``params`` gives to ``variant``, for the search of ``seed`` or the first."""
        training = params.training(variant, seed)
        return cls(variant=variant, dataset=params.dataset, normalize=params.normalize, training=training)

    @classmethod
    def by_seed(cls, params: Params, variant: str) -> dict[int, "Settings"]:
        """Return the settings of each training of ``variant``, which differ where its searches have chosen others."""
        return {seed: cls.of(params, variant, seed) for seed in params.seeds_of(variant)}

    def flat(self) -> dict[str, Any]:
        """Return the settings as one level of keys, for tables and tracking."""
        own = {"variant": self.variant, "dataset": self.dataset}
        values: dict[str, Any] = own | self.training.model_dump() | self.model_dump()["normalize"]
        return values

    @model_serializer(mode="wrap")
    def _without_later_keys(self, serialize: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """Leave out what earlier versions did not have, where it is as in them: their files stay as they are."""
        values: dict[str, Any] = serialize(self)
        own = values["training"]
        values["training"] = {key: value for key, value in own.items() if (key, value) not in _LATER.items()}
        values["normalize"] = {
            key: value
            for key, value in values["normalize"].items()
            if key not in _LATER_NORMALIZE or value != Normalize.model_fields[key].default
        }
        return values
