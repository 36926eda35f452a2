"""A champion whose store is gone: registered again, from what its promotion left beside its model.

MLflow keeps which model is registered in its database alone, and the models as files beside it.
"""

import json
from pathlib import Path
from typing import Any, NamedTuple, Self

from mlflow import MlflowClient
from mlflow.exceptions import MlflowException
from pydantic import ValidationError

from hemline.schema import StrictModel

EVIDENCE = "evidence.json"


class Evidence(StrictModel):
    """The record of a promotion."""

    at: int  # when it was, in milliseconds since 1970
    tags: dict[str, str]  # of the version
    description: str  # of the version

    def write(self, folder: Path) -> None:
        """Write it into ``folder``."""
        (folder / EVIDENCE).write_text(json.dumps(self.model_dump(), indent=2), encoding="utf-8")


class Kept(NamedTuple):
    """A promotion, and the folder of its model."""

    evidence: Evidence
    folder: Path

    @classmethod
    def newest(cls, artifacts: Path, dataset: str) -> Self | None:
        """Return the last promotion of a data set's champion whose model is still in the store's folder, or None."""
        found = []
        for path in artifacts.glob(f"{dataset}/models/*/artifacts/artifacts/{EVIDENCE}"):
            try:
                evidence = Evidence.model_validate_json(path.read_bytes())
            except (OSError, ValidationError):
                continue  # of a promotion that did not come to its end
            found.append(cls(evidence, path.parent.parent))
        return max(found, key=lambda each: each.evidence.at, default=None)

    def register(self, client: MlflowClient, dataset: str, description: str, alias: str) -> Any | None:
        """Register the model again and give it the alias; return its version, or None if somebody had deleted it."""
        if _knows(client.get_registered_model, dataset) or _knows(client.get_logged_model, self.folder.parent.name):
            return None
        client.create_registered_model(dataset, description=description)
        version = client.create_model_version(
            dataset, self.folder.as_uri(), tags=self.evidence.tags, description=self.evidence.description
        )
        client.set_registered_model_alias(dataset, alias, version.version)
        return version


def _knows(get: Any, name: str) -> bool:
    try:
        get(name)
    except MlflowException as error:
        if error.error_code != "RESOURCE_DOES_NOT_EXIST":
            raise
        return False
    return True
