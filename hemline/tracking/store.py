"""The one MLflow store of a repository: where it is, its safe creation, and how it is opened."""

import importlib
import logging
import os
import re
import sqlite3
import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager, closing, contextmanager, suppress
from pathlib import Path
from typing import Any, NamedTuple

import mlflow
from mlflow import MlflowClient
from mlflow.exceptions import MlflowException

from hemline.errors import InputError
from hemline.processes.lock import locked
from hemline.tracking import relocate
from hemline.tracking.address import local_database, tracking_uri
from hemline.tracking.damaged import damage, is_damage, move_aside
from hemline.tracking.liveness import end_if_dead, remove_dead_locks, running_here
from hemline.tracking.one_line import one_line, without_passwords

# What `mlflow run` hands to its children. It names one run, of another experiment, for all trainings: kept as a tag.
_PROJECT_RUN = os.environ.pop("MLFLOW_RUN_ID", None)
os.environ.pop("MLFLOW_EXPERIMENT_ID", None)

logging.getLogger("mlflow.store.db.utils").setLevel(logging.WARNING)  # it reports each table that it creates

_NOTE_TAG = "mlflow.note.content"  # shown above the runs, as Markdown
_NOTE = """\
One run is one training: a variant of the network with one seed. Its name says what differs: variant, hidden layers
where that does not name them (`h64`), epochs (`e5`), settings that are not the usual ones, seed (`s0`).

- `loss`, `accuracy`, `val_loss`, `val_accuracy`: after each epoch, on training and validation images.
- `test_accuracy`, `test_loss`: once, after training, on the test images. Choose models by `val_accuracy`, not by these.
- `test_gain`: test accuracy less the mean of the baseline's seeds.

*Group by* `variant` averages over the seeds. Seeds and test images differ by chance: the intervals, and the verdict,
are in `reports/index.html`. What DVC keeps is the truth, and these runs a view of it: `make sync` completes them.
"""
SHA_TAG = "model_sha256"
_DATABASE = re.compile(r"(postgresql|mysql|mssql)(\+\w+)?://")


class MovedError(MlflowException):
    """The repository was moved, and its store still names the former place."""


class NoServerError(MlflowException):
    """The address is that of a database, which only a server may write to."""


class Store(NamedTuple):
    """An open store.

    Attributes:
        client: talks to it.
        experiment_id: the experiment named after the data set.
    """

    client: MlflowClient
    experiment_id: str


def open_store(experiment: str) -> Store:
    """Open the store, creating it and the experiment where they are missing, and end the runs of dead processes.

    Raises:
        MlflowException: the store cannot be reached.
        MovedError: the store was moved; ``bring_along`` comes first.
        NoServerError: it is a database that needs a server.
    """
    uri = tracking_uri()
    if _DATABASE.match(uri):
        raise NoServerError(
            "a database is reached through `mlflow server`, because several processes that use it first at once break "
            "it; set MLFLOW_TRACKING_URI to the server's address (docs/TEAM.md)"
        )
    if database := local_database(uri):
        _create(database)
    mlflow.set_tracking_uri(uri)
    store = Store(MlflowClient(uri), _experiment(MlflowClient(uri), experiment, database))
    everywhere = [each.experiment_id for each in store.client.search_experiments()]
    for run in search(store, running_here(), everywhere):
        end_if_dead(store.client, run)
    remove_dead_locks()
    return store


def get_ready() -> None:
    """Import what a local store is opened with: that takes longer than to open it, and nothing is opened yet."""
    if local_database(tracking_uri()):
        importlib.import_module("mlflow.store.tracking.sqlalchemy_store")


def bring_along() -> None:
    """Let the locations of artifacts lead to where they are now, if the store was moved; a server's are its own affair.

    A database that is damaged is moved aside, which one line on standard error tells.

    Raises:
        sqlite3.Error: the database cannot be written.
    """
    database = local_database(tracking_uri())
    if not database or not database.exists():
        return
    with _creating(database):
        if rule := damage(database):
            aside = move_aside(database).name
            told = f"{rule}; it is now {aside}, and a new one is made from the results of the workspace"
            print(f"warning: {database.name}: {told}", file=sys.stderr)
            return
    relocate.relocate(database, artifacts(database))


def project_run() -> str | None:
    """Return the run that `mlflow run` started for the whole pipeline, where there is one."""
    return _PROJECT_RUN


def _create(database: Path) -> None:
    """Create the database under another name, so that no one ever sees, or is left with, half of it."""
    if _has_content(database):
        with closing(sqlite3.connect(database)) as connection:
            connection.execute("PRAGMA schema_version")  # raises for what is none, in one line; MLflow does so in many
        return
    with _creating(database):
        if _has_content(database):
            return
        from mlflow.store.tracking.sqlalchemy_store import SqlAlchemyStore  # noqa: PLC0415 - slow, and rarely needed

        draft = database.with_name(f".{database.name}.draft")
        for leftover in database.parent.glob(f"{draft.name}*"):
            leftover.unlink()
        store = SqlAlchemyStore(f"sqlite:///{draft}", str(artifacts(database)))  # type: ignore[no-untyped-call]
        store.engine.dispose()
        with sqlite3.connect(draft) as connection:
            connection.execute("PRAGMA journal_mode=WAL")  # readers and one writer do not wait for each other
        connection.close()
        # Where the database was deleted, what SQLite left beside it would become part of the new one.
        for suffix in ("-wal", "-shm"):
            database.with_name(database.name + suffix).unlink(missing_ok=True)
        draft.replace(database)


def _has_content(database: Path) -> bool:
    return database.exists() and database.stat().st_size > 0


def _creating(database: Path) -> AbstractContextManager[Any]:
    """Hold the lock under which the database is created."""
    # Beside it, because repositories can share a database.
    return locked(database.with_name(f".{database.name}.lock"), f"{database}: another process is creating it; waiting")


def artifacts(database: Path) -> Path:
    """Return the folder of the artifacts of a store in a file."""
    return database.parent / "mlartifacts"


def _experiment(client: MlflowClient, name: str, database: Path | None) -> str:
    """Return the id of the experiment ``name``, created or brought back from deletion if need be."""
    found = client.get_experiment_by_name(name)
    if found is None:
        # Without a location of its own, a local experiment's artifacts go to the present folder, which may be a copy
        # that DVC deletes.
        location = (artifacts(database) / name).as_uri() if database else None
        with suppress(MlflowException):  # another process was faster
            return str(client.create_experiment(name, artifact_location=location, tags={_NOTE_TAG: _NOTE}))
        found = client.get_experiment_by_name(name)
    if found is None:
        raise MlflowException(f"the experiment {name!r} can be neither created nor found")
    if database and relocate.former(found.artifact_location, artifacts(database)):
        raise MovedError(f"{found.artifact_location} is no longer where this store's artifacts are")
    if found.lifecycle_stage == "deleted":
        client.restore_experiment(found.experiment_id)
    if _NOTE_TAG not in found.tags:
        client.set_experiment_tag(found.experiment_id, _NOTE_TAG, _NOTE)
    return str(found.experiment_id)


def search(store: Store, condition: str, experiments: list[str] | None = None) -> list[Any]:
    """Return all runs of the experiment, or of several, that meet ``condition``, newest first."""
    runs: list[Any] = []
    token = None
    while True:
        page = store.client.search_runs(experiments or [store.experiment_id], condition, page_token=token)
        runs += page
        token = page.token
        if not token:
            return runs


@contextmanager
def reached() -> Iterator[None]:
    """Turn what MLflow, its database or its server raise into an ``InputError`` of one line."""
    try:
        yield
    except (MlflowException, sqlite3.Error, OSError) as error:
        remedy = "; run `make sync`" if isinstance(error, MovedError) or is_damage(error) else ""
        raise InputError(f"MLflow at {without_passwords(tracking_uri())}: {one_line(error)}{remedy}") from None
