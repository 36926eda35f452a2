"""MLflow's model registry: the champion of each data set, and how a model becomes it.

A registered model is named after its data set; the version with the alias ``champion`` is the one that is served and
predicts. Its tags and description hold the evidence for its promotion.
"""

import json
import logging
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import mlflow
import numpy as np
from mlflow.entities import LoggedModelStatus
from mlflow.exceptions import MlflowException
from mlflow.models import Model
from numpy.typing import NDArray

from hemline.errors import InputError, first_line
from hemline.tracking import flavors, store
from hemline.tracking.address import artifacts, local_database, tracking_uri
from hemline.tracking.messages import now
from hemline.tracking.model_file import ModelFile
from hemline.tracking.restored import EVIDENCE, Evidence, Kept
from hemline.training.served import ServedModel

if TYPE_CHECKING:
    from hemline.tracking.served import Served

ALIAS = "champion"
DESCRIPTION = (
    "The models that were promoted with `make promote`, each because it was better than the champion of its time on "
    "the test images; a version's tags hold the evidence. The one with the alias `champion` is served by `make serve`."
)
_SERVED = Path(__file__).with_name("served.py")


class Champion(NamedTuple):
    """The version that has the alias."""

    dataset: str  # the data set, which the registered model is named after
    version: str  # its number
    tags: dict[str, str]  # the evidence of its promotion; ``model_sha256`` identifies the model

    @property
    def name(self) -> str:
        """Its name in a sentence."""
        tags = self.tags
        known = f", {tags['variant']} with seed {tags['seed']}" if {"variant", "seed"} <= tags.keys() else ""
        return f"the champion (version {self.version}{known})"


def uri(dataset: str) -> str:
    """Return the address by which MLflow knows the champion of a data set."""
    return f"models:/{dataset}@{ALIAS}"


def find_champion(dataset: str) -> Champion | None:
    """Return the champion of a data set, or None; a store that does not exist is not created for that.

    One whose store is gone is registered again, which one line reports. A store out of reach is an ``InputError``.
    """
    with store.reached(), _quiet():
        database = local_database(tracking_uri())
        kept = None if database is None else Kept.newest(artifacts(database), dataset)
        if kept is None and database is not None and not database.exists():
            return None
        client = store.open_store(dataset).client
        # By a search: a server that asks for passwords denies what does not exist, and does not say that.
        registered = client.search_registered_models(f"name = '{dataset}'")
        if registered and (number := registered[0].aliases.get(ALIAS)):
            found = client.get_model_version(dataset, number)
            return Champion(dataset, str(found.version), dict(found.tags))
        restored = None if kept is None else kept.register(client, dataset, DESCRIPTION, ALIAS)
        if restored is None:
            return None
        champion = Champion(dataset, str(restored.version), dict(restored.tags))
        print(f"{dataset}: {champion.name} is registered again, from what its promotion left in mlartifacts")
        return champion


def load_champion(champion: Champion) -> "Served":
    """Load the champion's model; an ``InputError`` if it cannot be loaded, or was not promoted by Hemline."""
    from hemline.training import tensorflow  # noqa: F401, PLC0415 - started as everywhere, before the model imports it

    try:
        loaded = mlflow.pyfunc.load_model(f"models:/{champion.dataset}/{champion.version}").unwrap_python_model()
    except Exception as error:  # noqa: BLE001 - files can be missing or broken in any way
        problem = first_line(error)
    else:
        if hasattr(loaded, "facts"):
            return loaded  # type: ignore[no-any-return]
        problem = "it is no model that `make promote` registered"
    raise InputError(
        f"{champion.name} cannot be loaded: {problem}; delete that version of the registered model "
        f"{champion.dataset!r} in the MLflow UI, and run `make promote`"
    )


def promote(
    dataset: str,
    model: ServedModel,
    facts: dict[str, Any],
    tags: dict[str, str],
    description: str,
    *,
    seen: NDArray[np.uint64] | None = None,
) -> str:
    """Register a model as a new version, make it the champion, and return the version's number.

    Args:
        dataset: the data set, which the registered model is named after.
        model: takes raw pixels.
        facts: ``classes``, ``image_shape`` and what else a user of the model needs to know; can be written as JSON.
        tags: the evidence; ``model_sha256`` ties the version to the run of its training.
        description: the evidence in words.
        seen: digests of the images that it was trained on or chosen by, which are kept with it.

    Raises:
        InputError: the store cannot be reached.
    """
    with store.reached(), _quiet():
        opened = store.open_store(dataset)
        model_id, run_id = _log(opened, model, facts, tags, description, seen=seen)
        try:
            opened.client.create_registered_model(dataset, description=DESCRIPTION)
        except MlflowException as error:
            if error.error_code != "RESOURCE_ALREADY_EXISTS":
                raise
        # A server wants the model by its id as well.
        created = opened.client.create_model_version(
            dataset, f"models:/{model_id}", run_id, tags=tags, description=description, model_id=model_id
        )
        opened.client.set_registered_model_alias(dataset, ALIAS, created.version)
        return str(created.version)


def _log(
    opened: store.Store,
    model: ServedModel,
    facts: dict[str, Any],
    tags: dict[str, str],
    description: str,
    *,
    seen: NDArray[np.uint64] | None,
) -> tuple[str, str | None]:
    """Log the model behind its checks, from the run of its training, and return its id and that run."""
    runs = opened.runs_of(tags[store.SHA_TAG])
    run_id = runs[0].info.run_id if runs else None
    if runs and (commit := runs[0].data.tags.get("mlflow.source.git.commit")):
        tags["git_commit"] = commit
    # Made here, so that the run can be named without being started again, which would change its end and its model.
    logged = opened.client.create_logged_model(
        opened.experiment_id, name=f"{model.interface.name}-served", source_run_id=run_id, tags=tags
    )
    with tempfile.TemporaryDirectory() as folder:
        file = ModelFile.write(model, Path(folder), "model").path
        known = json.dumps(facts | {"trusted": flavors.TRUSTED}, indent=2)
        Path(folder, "facts.json").write_text(known, encoding="utf-8")
        kept = {"model": str(file), "facts": f"{folder}/facts.json", "evidence": f"{folder}/{EVIDENCE}"}
        if seen is not None:
            kept["seen"] = f"{folder}/seen.npy"
            np.save(kept["seen"], seen)
        Evidence(at=now(), tags=tags, description=description).write(Path(folder))
        about = Model(artifact_path=logged.artifact_location, run_id=run_id, model_id=logged.model_id)
        flavors.declare(about, "artifacts", model.suffix)
        mlflow.pyfunc.save_model(
            f"{folder}/saved",
            python_model=str(_SERVED),
            mlflow_model=about,
            artifacts=kept,
            pip_requirements=[
                f"{package}=={version(package)}" for package in sorted({*flavors.PACKAGES[model.suffix], "numpy"})
            ],
        )
        opened.client.log_model_artifacts(logged.model_id, f"{folder}/saved")
    opened.client.finalize_logged_model(logged.model_id, LoggedModelStatus.READY)
    return str(logged.model_id), run_id


@contextmanager
def _quiet() -> Iterator[None]:
    """Hold back MLflow's progress messages, and its warning that it leaves the checks to ``served.py``."""
    logger = logging.getLogger("mlflow")
    level = logger.level
    logger.setLevel(logging.WARNING)
    try:
        with warnings.catch_warnings(record=True):
            yield
    finally:
        logger.setLevel(level)
