"""``claims.yaml``: what was published, the settings that test it, and the kind of each claim.

``load_claims()`` reads and validates the file, like ``hemline.params`` does ``params.yaml``.
"""

from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any, Literal, NamedTuple, Self

from pydantic import BeforeValidator, Field, StringConstraints, model_validator

from hemline.errors import InputError
from hemline.params import Params, parse_params
from hemline.schema import Count, Name, StrictModel, Text, parse, read_yaml

Metric = Literal["loss", "accuracy", "test_loss", "test_accuracy"]
Place = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]*/[a-z0-9][a-z0-9-]*$")]


def _check_quoted(value: object) -> object:
    # As a number, 0.880 would be 0.88: another rounding.
    if isinstance(value, float | int):
        raise ValueError("must stand in quotes, so that its last digit is kept")  # noqa: TRY004 - pydantic's protocol
    return value


Figure = Annotated[str, BeforeValidator(_check_quoted), StringConstraints(pattern=r"^[0-9]+(\.[0-9]+)?$")]


class Rounded(NamedTuple):
    """A published number with the values that it may have been rounded from."""

    value: float
    low: float
    high: float


def rounded(figure: str) -> Rounded:
    """Return a printed number and the ends of what rounds to it: "0.88" is 0.88, 0.875, 0.885."""
    value = Decimal(figure)
    half = Decimal(5).scaleb(int(value.as_tuple().exponent) - 1)
    return Rounded(float(value), float(value - half), float(value + half))


class Otherwise(StrictModel):
    """Another setting or measure that a part is tried with where it does not hold as it stands.

    Attributes:
        condition: completes "reproduced only if ...".
    """

    condition: Text
    of: Place | None = None
    than: Place | None = None
    metric: Metric | None = None


class Part(StrictModel):
    """One thing that a claim says.

    Attributes:
        says: the statement, in our words.
        also: evidence beside the claim, which does not count for its verdict.
        otherwise: what may hold instead.
    """

    says: Text
    also: bool = False
    otherwise: Otherwise | None = None


class NumberPart(Part):
    """A training gives ``published``; ``epoch`` is the last one where it is not named."""

    kind: Literal["number"]
    of: Place
    metric: Metric
    published: Figure
    epoch: Count | None = None


class RangePart(Part):
    """Repeated trainings give values between the two numbers."""

    kind: Literal["range"]
    of: Place
    metric: Metric
    published: Annotated[list[Figure], Field(min_length=2, max_length=2)]


class OrderingPart(Part):
    """The trainings of ``of`` give a higher or lower value than those of ``than``, or the same within ``margin``."""

    kind: Literal["ordering"]
    of: Place
    than: Place
    metric: Metric | Literal["seconds"]
    claimed: Literal["higher", "lower", "same"]
    margin: Annotated[float, Field(gt=0)] | None = None

    @model_validator(mode="after")
    def _check_margin(self) -> Self:
        if (self.claimed == "same") != (self.margin is not None):
            raise ValueError("margin: must be given where `claimed` is same, and only there")
        return self


class TrendPart(Part):
    """In one training, the value after ``to_epoch`` is above or below that after ``from_epoch``."""

    kind: Literal["trend"]
    of: Place
    metric: Metric
    from_epoch: Count
    to_epoch: Count
    claimed: Literal["rises", "falls"]


class GapPart(Part):
    """In one training, ``metric`` is after the last epoch higher or lower than ``than_metric``."""

    kind: Literal["gap"]
    of: Place
    metric: Metric
    than_metric: Metric
    claimed: Literal["higher", "lower"]


class WobblePart(Part):
    """In one training, the value goes up and down from epoch to epoch, instead of falling only."""

    kind: Literal["wobble"]
    of: Place
    metric: Metric
    from_epoch: Count
    to_epoch: Count


class StopPart(Part):
    """A training that stops once its loss is low enough stops after epoch ``published``."""

    kind: Literal["early-stop"]
    of: Place
    published: Count


class ThresholdPart(Part):
    """A value is at least ``at_least``, a number that was not published: ``because`` says why it was chosen."""

    kind: Literal["threshold"]
    of: Place
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


class Claim(StrictModel):
    """A claim of a tutorial; ``note`` says what a reader should know beside the verdict."""

    id: Name
    tutorial: Name
    says: Text
    note: Text | None = None
    parts: Annotated[list[AnyPart], Field(min_length=1)]

    def places(self) -> list[str]:
        """Return the trainings that the claim needs, each as ``experiment/variant``."""
        tried = [*self.parts, *(part.otherwise for part in self.parts if part.otherwise)]
        named = [getattr(each, key, None) for each in tried for key in ("of", "than")]
        return list(dict.fromkeys(place for place in named if place))


class Question(StrictModel):
    """A question of a tutorial, and the claims whose evidence answers it; none: a question about the outputs."""

    asks: Text
    claims: list[Name] = Field(default_factory=list)
    outputs_of: Place | None = None


class Claims(StrictModel):
    """The whole of ``claims.yaml``.

    Attributes:
        settings: keys of params.yaml that all experiments share.
        experiments: by the name of the DVC experiment, its own keys.
        tutorials: titles by short name.
        questions: those that the page answers one by one, under the heading ``questions_of`` (a tutorial).
    """

    settings: dict[str, Any]
    experiments: Annotated[dict[Name, dict[str, Any]], Field(min_length=1)]
    tutorials: dict[Name, Text]
    claims: Annotated[list[Claim], Field(min_length=1)]
    questions_of: Name | None = None
    questions: list[Question] = Field(default_factory=list)

    @model_validator(mode="after")
    def _check_references(self) -> Self:
        ids = [claim.id for claim in self.claims]
        for claim in self.claims:
            if ids.count(claim.id) > 1:
                raise ValueError(f"claims.{claim.id}: an id must stand once")
            if claim.tutorial not in self.tutorials:
                names = list(self.tutorials)
                raise ValueError(f"claims.{claim.id}.tutorial: must be one of {names}, got {claim.tutorial!r}")
        for question in self.questions:
            for name in question.claims:
                if name not in ids:
                    raise ValueError(f"questions: claims: must be of {ids}, got {name!r}")
        return self

    def params(self, experiment: str) -> Params:
        """Return the whole parameters of an experiment.

        Raises:
            InputError: they break a rule of params.yaml.
        """
        return parse_params(self.values(experiment), Path(f"claims.yaml: experiments.{experiment}"))

    def values(self, experiment: str) -> dict[str, Any]:
        """Return the same as they stand in the file."""
        return self.settings | self.experiments[experiment]

    def claims_of(self, place: str) -> list[str]:
        """Return the ids of the claims that need the trainings of ``experiment/variant``."""
        return [claim.id for claim in self.claims if place in claim.places()]


def load_claims(path: Path = Path("claims.yaml")) -> Claims:
    """Read and validate ``claims.yaml``.

    Raises:
        InputError: the file is missing or breaks a rule: one of its own, or one of params.yaml in an experiment.
    """
    claims = parse(Claims, read_yaml(path), path)
    variants = {name: claims.params(name).variants for name in claims.experiments}
    known = [f"{experiment}/{variant}" for experiment, each in variants.items() for variant in each]
    for claim in claims.claims:
        for place in claim.places():
            _check_place(f"{path}: claims.{claim.id}", place, known)
    for question in claims.questions:
        if question.outputs_of:
            _check_place(f"{path}: questions.outputs_of", question.outputs_of, known)
    return claims


def _check_place(key: str, place: str, known: list[str]) -> None:
    if place not in known:
        raise InputError(f"{key}: must be an experiment and one of its variants, {known}, got {place!r}")
