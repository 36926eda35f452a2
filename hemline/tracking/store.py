"""The one MLflow store of a repository: where it is, its safe creation, and how it is opened."""

import importlib
import logging
import os
import sqlite3
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager, suppress
from pathlib import Path
from typing import Any, NamedTuple

import mlflow
from mlflow import MlflowClient
from mlflow.entities import ViewType
from mlflow.exceptions import MlflowException

from hemline.errors import InputError
from hemline.processes.lock import locked
from hemline.tracking import relocate
from hemline.tracking.address import AddressError, artifacts, local_database, tracking_uri
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
- the tag `gain`: of the variant over the baseline that it names, with its interval and verdict; in percentage points
  where the tag `gain_metric` is an accuracy.

*Group by* `model` averages over the seeds: the name without the seed, one for each set of settings. Tags to search by:
`dvc_experiment`, `model_sha256`. What DVC keeps is the truth, and these runs a view of it: `make sync` completes them.
"""
SHA_TAG = "model_sha256"
# MLflow's UI hides tags that begin like this one: they are for programs.
HIDDEN = "mlflow.hemline."
_DATASET_TAG = f"{HIDDEN}dataset"


class MovedError(MlflowException):
    """The repository was moved, and its store still names the former place."""


class Store(NamedTuple):
    """An open store."""

    client: MlflowClient  # talks to it
    experiment_id: str  # the experiment of the data set
    experiments: list[str]  # all that are not deleted

    def runs_of(self, model_sha256: str) -> list[Any]:
        """Return the finished runs of a model, in whatever experiment, newest first."""
        return search(self, f"tags.{SHA_TAG} = '{model_sha256}' and attributes.status = 'FINISHED'", self.experiments)


def open_store(dataset: str) -> Store:
    """Open the store, creating it and the data set's experiment where they are missing; end the runs of dead processes.

    Raises:
        AddressError: it is no store that is written to.
        MlflowException: it cannot be reached.
        MovedError: it was moved; ``bring_along`` comes first.
    """
    uri = tracking_uri()
    if database := local_database(uri):
        _create(database)
        _keep_copy_before_migration(database)
    mlflow.set_tracking_uri(uri)
    client = MlflowClient(uri)
    experiment_id = _experiment(client, dataset, database)
    store = Store(client, experiment_id, [each.experiment_id for each in client.search_experiments()])
    for run in search(store, running_here(), store.experiments):
        end_if_dead(store.client, run)
    remove_dead_locks()
    return store


def get_ready() -> None:
    """Import what a local store is opened with: that takes longer than to open it, and nothing is opened yet."""
    if local_database(tracking_uri()):
        importlib.import_module("mlflow.store.tracking.sqlalchemy_store")


def bring_along() -> None:
    """Let the locations of artifacts lead to where they are now, if the store was moved; a server's are its own affair.

    A database that is damaged is moved aside, which one line on standard error reports; one that cannot be written is
    an ``sqlite3.Error``.
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
    _count_rows(database)


def _count_rows(database: Path) -> None:
    """Let SQLite count the rows of its tables; otherwise runs sorted by a metric take the square of their number."""
    with suppress(sqlite3.OperationalError), closing(sqlite3.connect(database, timeout=1)) as connection:
        connection.execute("PRAGMA analysis_limit = 1000")  # of each index, so that this takes milliseconds
        connection.execute("ANALYZE")


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
    # With its artifacts, because repositories can share a database.
    return locked(artifacts(database) / ".lock", f"{database}: another process is creating it; waiting")


def _keep_copy_before_migration(database: Path) -> None:
    """Keep a copy of a database of another MLflow, which this one migrates when it opens it, and that one then refuses.

    The number of the MLflow that has last opened it is kept in the file, so that this costs a millisecond from then on.
    """
    present = int("".join(part.zfill(4) for part in mlflow.__version__.split(".")[:3] if part.isdigit()) or 0)
    with closing(sqlite3.connect(database)) as connection:
        (last,) = connection.execute("PRAGMA user_version").fetchone()
        if last == present:
            return
        from mlflow.store.db.utils import _get_latest_schema_revision  # noqa: PLC0415 - slow, and rarely needed

        revisions = connection.execute("SELECT version_num FROM alembic_version").fetchall()
        copy = database.with_name(f"{database.name}.before-{mlflow.__version__}")
        if revisions != [(_get_latest_schema_revision(),)] and not copy.exists():  # type: ignore[no-untyped-call]
            with closing(sqlite3.connect(copy)) as kept:
                connection.backup(kept)
            told = "an older MLflow cannot open it any more, and opens the copy"
            print(f"{database.name}: is migrated to MLflow {mlflow.__version__}; {told} {copy.name}", file=sys.stderr)
        connection.execute(f"PRAGMA user_version = {present}")


def _experiment(client: MlflowClient, dataset: str, database: Path | None) -> str:
    """Return the id of a data set's experiment, created or brought back from deletion if need be.

    It has the name of the data set until somebody renames it, and a tag that stays.
    """
    found = _known_experiment(client, dataset)
    if found is None:
        # Without a location of its own, a local experiment's artifacts go to the current folder, which may be a copy
        # that DVC deletes.
        location = (artifacts(database) / dataset).as_uri() if database else None
        tags = {_NOTE_TAG: _NOTE, _DATASET_TAG: dataset}
        with suppress(MlflowException):  # another process was faster
            return str(client.create_experiment(dataset, artifact_location=location, tags=tags))
        found = _known_experiment(client, dataset)
    if found is None:
        raise MlflowException(f"the experiment {dataset!r} can be neither created nor found")
    if database and relocate.former(found.artifact_location, artifacts(database)):
        raise MovedError(f"{found.artifact_location} is no longer where this store's artifacts are")
    if found.lifecycle_stage == "deleted":
        client.restore_experiment(found.experiment_id)
    for key, value in {_NOTE_TAG: _NOTE, _DATASET_TAG: dataset}.items():
        if key not in found.tags:
            client.set_experiment_tag(found.experiment_id, key, value)
    return str(found.experiment_id)


def _known_experiment(client: MlflowClient, dataset: str) -> Any | None:
    """Return the experiment of a data set, rather one that is not deleted, or None."""
    tagged = client.search_experiments(ViewType.ALL, filter_string=f"tags.`{_DATASET_TAG}` = '{dataset}'")
    named = client.get_experiment_by_name(dataset)
    known = [*tagged, *([named] if named else [])]
    return min(known, key=lambda each: each.lifecycle_stage != "active", default=None)


def search(
    store: Store, condition: str, experiments: list[str] | None = None, view: int = ViewType.ACTIVE_ONLY
) -> list[Any]:
    """Return all runs of the experiment, or of several, that meet ``condition``, newest first."""
    among, ask = experiments or [store.experiment_id], store.client.search_runs
    return [*pages(lambda token: ask(among, condition, view, page_token=token))]


def pages(ask: Callable[[str | None], Any]) -> Iterator[Any]:
    """Yield all that MLflow answers with a page at a time; ``ask`` is called with the token of the next one."""
    page = ask(None)
    yield from page
    while page.token:
        page = ask(page.token)
        yield from page


@contextmanager
def reached() -> Iterator[None]:
    """Turn what MLflow, its database or its server raise into an ``InputError`` of one line."""
    try:
        yield
    except AddressError as error:
        raise InputError(str(error)) from None
    except (MlflowException, sqlite3.Error, OSError) as error:
        remedy = "; run `make sync`" if isinstance(error, MovedError) or is_damage(error) else ""
        raise InputError(f"MLflow at {without_passwords(tracking_uri())}: {one_line(error)}{remedy}") from None
