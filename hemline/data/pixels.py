"""Type and range of the raw pixels of a data set."""

import math
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from hemline.schema import StrictModel


class Pixels(StrictModel):
    """The type of pixels, and the range that all of them lie in."""

    type: Literal["uint8", "uint16", "float32"] = "uint8"
    lowest: Annotated[float, Field(allow_inf_nan=False)] = 0
    highest: Annotated[float, Field(allow_inf_nan=False)] = 255

    @model_validator(mode="after")
    def _check_range(self) -> Self:
        largest = {"uint8": 2**8 - 1, "uint16": 2**16 - 1}.get(self.type, math.inf)
        smallest = 0 if self.type.startswith("u") else -math.inf
        if not smallest <= self.lowest < self.highest <= largest:
            raise ValueError(
                f"lowest, highest: must be {smallest} <= lowest < highest <= {largest} for {self.type}, "
                f"got {self.lowest:g} and {self.highest:g}"
            )
        return self


# What most data sets have.
BYTES = Pixels()
