"""The kinds of parts that a claim is made of, as they stand in ``claims.yaml``.

A further kind is a class here and in ``AnyPart``, how it is judged in ``judge``, and its panel in ``plots``; mypy names
every place there that does not know it yet.
"""

from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, Field, StringConstraints, model_validator

from hemline.schema import Count, StrictModel, Text

Metric = Literal["loss", "accuracy", "test_loss", "test_accuracy"]
Place = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]*/[a-z0-9][a-z0-9-]*$")]

METRIC_NAMES = {
    "loss": "training loss",
    "accuracy": "training accuracy",
    "test_loss": "test loss",
    "test_accuracy": "test accuracy",
    "seconds": "seconds of an epoch",
}


def _check_quoted(value: object) -> object:
    # As a number, 0.880 would be 0.88: another rounding.
    if isinstance(value, float | int):
        raise ValueError("must stand in quotes, so that its last digit is kept")  # noqa: TRY004 - pydantic's protocol
    return value


Figure = Annotated[str, BeforeValidator(_check_quoted), StringConstraints(pattern=r"^[0-9]+(\.[0-9]+)?$")]


class Otherwise(StrictModel):
    """Another setting or measure that a part is tried with where it does not hold as it stands.

    Attributes:
        condition: completes "shown only if ..." or "compatible only if ...".
    """

    condition: Text
    of: Place | None = None
    than: Place | None = None
    metric: Metric | None = None


class Part(StrictModel):
    """One thing that a claim says, in our words; ``also`` marks evidence beside the claim, which does not count."""

    says: Text
    also: bool = False
    otherwise: Otherwise | None = None

    @model_validator(mode="after")
    def _check_otherwise(self) -> Self:
        for key in self._changes():
            if key not in type(self).model_fields:
                raise ValueError(f"otherwise.{key}: is no key of this kind of part; remove it")
        return self

    def places(self) -> list[str]:
        """Return the trainings that it speaks of, each as ``experiment/variant``."""
        return []

    def under_otherwise(self) -> Self:
        """Return the part with what ``otherwise`` changes; without one, as it stands."""
        return self.model_copy(update=self._changes())

    def _changes(self) -> dict[str, Any]:
        return self.otherwise.model_dump(exclude={"condition"}, exclude_none=True) if self.otherwise else {}


class TrainedPart(Part):
    """One thing that a claim says of the trainings ``of``."""

    of: Place

    def places(self) -> list[str]:
        """Return the trainings that it speaks of, each as ``experiment/variant``."""
        return [self.of]


class NumberPart(TrainedPart):
    """A training gives ``published``; ``epoch`` is the last one where it is not named."""

    kind: Literal["number"]
    metric: Metric
    published: Figure
    epoch: Count | None = None


class RangePart(TrainedPart):
    """Repeated trainings give values between the two numbers."""

    kind: Literal["range"]
    metric: Metric
    published: Annotated[list[Figure], Field(min_length=2, max_length=2)]


class OrderingPart(TrainedPart):
    """The trainings of ``of`` give a higher or lower value than those of ``than``, or the same within ``margin``."""

    kind: Literal["ordering"]
    than: Place
    metric: Metric | Literal["seconds"]
    claimed: Literal["higher", "lower", "same"]
    margin: Annotated[float, Field(gt=0)] | None = None

    @model_validator(mode="after")
    def _check_margin(self) -> Self:
        if (self.claimed == "same") != (self.margin is not None):
            raise ValueError("margin: must be given where `claimed` is same, and only there")
        return self

    def places(self) -> list[str]:
        """Return the trainings that it speaks of, each as ``experiment/variant``."""
        return [self.of, self.than]

    def names(self) -> tuple[str, str]:
        """Name the two by their variants, or by what tells them apart where the variants are the same."""
        (experiment, variant), (other_experiment, other_variant) = (place.split("/") for place in self.places())
        if variant != other_variant:
            return variant, other_variant
        return f"{variant} ({experiment})", f"{variant} ({other_experiment})"


class TrendPart(TrainedPart):
    """In one training, the value after ``to_epoch`` is above or below that after ``from_epoch``."""

    kind: Literal["trend"]
    metric: Metric
    from_epoch: Count
    to_epoch: Count
    claimed: Literal["rises", "falls"]


class GapPart(TrainedPart):
    """In one training, ``metric`` is after the last epoch higher or lower than ``than_metric``."""

    kind: Literal["gap"]
    metric: Metric
    than_metric: Metric
    claimed: Literal["higher", "lower"]


class WobblePart(TrainedPart):
    """In one training, the value goes up and down from epoch to epoch, instead of falling only."""

    kind: Literal["wobble"]
    metric: Metric
    from_epoch: Count
    to_epoch: Count


class StopPart(TrainedPart):
    """A training that stops once its loss is low enough stops after epoch ``published``."""

    kind: Literal["early-stop"]
    published: Count


class ThresholdPart(TrainedPart):
    """A value is at least ``at_least``, a number that was not published: ``because`` says why it was chosen."""

    kind: Literal["threshold"]
    metric: Literal["test_accuracy"]
    at_least: Annotated[float, Field(gt=0, lt=1)]
    because: Text


class ErrorPart(Part):
    """A variant with these keys is refused; the message holds the text ``expected``."""

    kind: Literal["error"]
    variant: dict[str, Any]
    expected: Text


AnyPart = Annotated[
    NumberPart | RangePart | OrderingPart | TrendPart | GapPart | WobblePart | StopPart | ThresholdPart | ErrorPart,
    Field(discriminator="kind"),
]
