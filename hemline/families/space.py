"""The space of a search: for each setting that is searched, the values that a trial may draw."""

from typing import Annotated, Any, Self

from pydantic import AfterValidator, Discriminator, Field, Tag, model_validator

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
            raise ValueError("must have low below high")
        if self.log and self.low <= 0:
            raise ValueError("must have low above 0 with log")
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


def _kind(values: Any) -> str | None:
    if isinstance(values, list):
        return "choices"
    return "range" if isinstance(values, dict | Range) else None


_Values = Annotated[
    Annotated[Range, Tag("range")] | Annotated[Choices, Tag("choices")],
    Discriminator(
        _kind,
        custom_error_type="values",
        custom_error_message="must be a list of choices, or a mapping with low and high",
    ),
]
# By the key of the setting.
Space = dict[str, _Values]
