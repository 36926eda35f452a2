"""Where the MLflow store is; what only needs to know that imports no MLflow."""

import os
import re
from pathlib import Path

from hemline.repository import repository

_SQLITE = "sqlite:///"
_DATABASE = re.compile(r"(postgresql|mysql|mssql)(\+\w+)?://")
_FILES = re.compile(r"file:|[./~]|(?!databricks)[^:]*$")


class AddressError(ValueError):
    """``MLFLOW_TRACKING_URI`` names a store that Hemline does not write to."""


def tracking_uri() -> str:
    """Return the address of the store: ``MLFLOW_TRACKING_URI`` where it is set, or else the repository's own.

    The relative path of a database starts at the main repository, also in the copies that DVC makes of it.

    Raises:
        AddressError: it is a folder, or a database that needs a server.
    """
    uri = os.environ.get("MLFLOW_TRACKING_URI") or f"{_SQLITE}mlflow.db"
    if uri.startswith(_SQLITE):
        return f"{_SQLITE}{(repository() / uri.removeprefix(_SQLITE)).resolve()}"
    if _DATABASE.match(uri):
        raise AddressError(
            "a database is reached through `mlflow server`, because several processes that use it first at once break "
            "it; set MLFLOW_TRACKING_URI to the server's address (docs/TEAM.md)"
        )
    if _FILES.match(uri):
        raise AddressError(
            "MLFLOW_TRACKING_URI must be a server or an SQLite file, because MLflow no longer keeps runs in folders; "
            "set it to sqlite:///mlflow.db, or unset it"
        )
    return uri


def local_database(uri: str) -> Path | None:
    """Return the file of a SQLite store, or None for any other address."""
    return Path(uri.removeprefix(_SQLITE)) if uri.startswith(_SQLITE) else None


def artifacts(database: Path) -> Path:
    """Return the folder of the artifacts of a store in a file; it is named after a file that has a name of its own."""
    return database.with_name("mlartifacts" if database.name == "mlflow.db" else f"{database.name}.artifacts")
