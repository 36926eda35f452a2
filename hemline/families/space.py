"""The space of a search: for each setting that is searched, the values that a trial may draw."""

from typing import Annotated, Self

from pydantic import AfterValidator, Field, model_validator

from hemline.schema import StrictModel

Scalar = bool | int | float | str
Number = int | Annotated[float, Field(allow_inf_nan=False)]


class Range(StrictModel):
    """All numbers from ``low`` to ``high``, whole ones if both are; with ``log``, each order of magnitude alike."""

    low: Number
    high: Number
    log: bool = False

    @model_validator(mode="after")
    def _check_order(self) -> Self:
        if self.low >= self.high:
            raise ValueError(f"must have low below high, got {self.low} and {self.high}")
        if self.log and self.low <= 0:
            raise ValueError(f"must have low above 0 with log, got {self.low}")
        return self

    @property
    def whole(self) -> bool:
        """Whether whole numbers are drawn."""
        return isinstance(self.low, int) and isinstance(self.high, int)


def _check_choices(choices: list[Scalar]) -> list[Scalar]:
    if len({(type(each), each) for each in choices}) != len(choices):
        raise ValueError("must name each value once")
    return choices


Choices = Annotated[list[Scalar], Field(min_length=1), AfterValidator(_check_choices)]
# By the key of the setting.
Space = dict[str, Range | Choices]
