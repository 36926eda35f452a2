"""``claims.yaml``: published claims, and the settings that test them.

``load_claims()`` reads and validates the file, like ``hemline.params`` does ``params.yaml``.
"""

from pathlib import Path
from typing import Annotated, Any, Self

from pydantic import Field, model_validator

from hemline.claims.kinds import AnyPart, Place
from hemline.errors import InputError
from hemline.params import Params, parse_params
from hemline.schema import Name, StrictModel, Text, parse, read_yaml


class Claim(StrictModel):
    """A claim of a tutorial; ``note`` is a remark on the verdict."""

    id: Name
    tutorial: Name
    says: Text
    note: Text | None = None
    parts: Annotated[list[AnyPart], Field(min_length=1)]

    def places(self) -> list[str]:
        """Return the claim's trainings, each as ``experiment/variant``."""
        return list(dict.fromkeys(place for part in self.tried() for place in part.places()))

    def tried(self) -> list[AnyPart]:
        """Return the parts as they stand, and under their other conditions."""
        return [*self.parts, *(part.under_otherwise() for part in self.parts)]


class Question(StrictModel):
    """A question of a tutorial, and the claims that answer it; none for a question about the outputs."""

    asks: Text
    claims: list[Name] = Field(default_factory=list)
    outputs_of: Place | None = None


class Claims(StrictModel):
    """The whole of ``claims.yaml``."""

    settings: dict[str, Any]  # keys of params.yaml that all experiments share
    # by the name of the DVC experiment, its own keys
    experiments: Annotated[dict[Name, dict[str, Any]], Field(min_length=1)]
    tutorials: dict[Name, Text]  # titles by short name
    claims: Annotated[list[Claim], Field(min_length=1)]
    questions_of: Name | None = None
    # those that the page answers one by one, under the heading ``questions_of`` (a tutorial)
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
        """Return the complete parameters of an experiment.

        Raises:
            InputError: they break a rule of params.yaml.
        """
        return parse_params(self.values(experiment), Path(f"claims.yaml: experiments.{experiment}"))

    def values(self, experiment: str) -> dict[str, Any]:
        """Return an experiment's parameters as in the file."""
        return self.settings | self.experiments[experiment]

    def refusal(self, variant: dict[str, Any]) -> str | None:
        """Return the error for a variant added to valid ones, or None if it is accepted."""
        values = self.values(next(iter(self.experiments)))
        try:
            parse_params({**values, "variants": values["variants"] | {"mistake": variant}}, Path("params.yaml"))
        except InputError as error:
            return str(error)
        return None

    def label(self, experiment: str, variant: str) -> str:
        """Return the claims that need a variant's trainings, in one line."""
        return ", ".join(self.claims_of(f"{experiment}/{variant}")) or "baseline"

    def claims_of(self, place: str) -> list[str]:
        """Return the ids of the claims that need the trainings of ``experiment/variant``."""
        return [claim.id for claim in self.claims if place in claim.places()]


def load_claims(path: Path = Path("claims.yaml")) -> Claims:
    """Read and validate ``claims.yaml``.

    Raises:
        InputError: the file is missing or breaks a rule: one of its own, or one of params.yaml in an experiment.
    """
    claims = parse(Claims, read_yaml(path), path)
    params = {name: claims.params(name) for name in claims.experiments}
    known = [f"{experiment}/{variant}" for experiment, each in params.items() for variant in each.variants]
    for claim in claims.claims:
        for place in claim.places():
            _check_place(f"{path}: claims.{claim.id}", place, known)
        for part in claim.tried():
            _check_pair(f"{path}: claims.{claim.id}", [params[place.split("/")[0]] for place in part.places()])
    for question in claims.questions:
        if question.outputs_of:
            _check_place(f"{path}: questions.outputs_of", question.outputs_of, known)
    return claims


def _check_place(key: str, place: str, known: list[str]) -> None:
    if place not in known:
        raise InputError(f"{key}: must be an experiment and one of its variants, {known}, got {place!r}")


def _check_pair(key: str, params: list[Params]) -> None:
    """Trainings are compared seed by seed and test image by test image."""
    for name in ("seeds", "dataset"):
        first, *others = [getattr(each, name) for each in params] or [None]
        for other in others:
            if other != first:
                raise InputError(f"{key}: must compare trainings with the same {name}, got {first} and {other}")
