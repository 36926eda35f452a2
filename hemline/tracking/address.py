"""The address of the MLflow store, without an import of MLflow."""

import os
import re
from pathlib import Path

from hemline.repository import repository
from hemline.tracking.one_line import without_passwords

_SQLITE = "sqlite:///"
_FILE = re.compile(_SQLITE + r"(?!~|:memory:)[^?]*[^?/\s]")  # SQLAlchemy takes what follows a question mark for options
_DATABASE = re.compile(r"(postgres(ql)?|mysql|mssql)(\+\w+)?://")
_SERVER = re.compile(r"(?!sqlite|file:)[a-z][a-z\d+.-]*://|databricks$|uc:|arn:")


class AddressError(ValueError):
    """``MLFLOW_TRACKING_URI`` names a store that Hemline does not write to."""


def tracking_uri() -> str:
    """Return the address of the store: ``MLFLOW_TRACKING_URI`` where it is set, or else the repository's own.

    The relative path of a database starts at the main repository, also in the copies that DVC makes of it. A folder,
    a database that needs a server, or an address of another form is an ``AddressError``.
    """
    uri = os.environ.get("MLFLOW_TRACKING_URI") or f"{_SQLITE}mlflow.db"
    if _FILE.fullmatch(uri):
        return f"{_SQLITE}{(repository() / uri.removeprefix(_SQLITE)).resolve()}"
    if _DATABASE.match(uri):
        raise AddressError(
            "a database is reached through `mlflow server`, because several processes that use it first at once break "
            "it; set MLFLOW_TRACKING_URI to the server's address (docs/TEAM.md)"
        )
    if not _SERVER.match(uri):
        raise AddressError(
            "MLFLOW_TRACKING_URI must be a server, as http://server:5000, or an SQLite file, because MLflow no longer "
            f"keeps runs in folders, got {without_passwords(uri)!r}; set it to sqlite:///mlflow.db, or unset it"
        )
    return uri


def local_database(uri: str) -> Path | None:
    """Return the file of a SQLite store, or None for any other address."""
    return Path(uri.removeprefix(_SQLITE)) if uri.startswith(_SQLITE) else None


def artifacts(database: Path) -> Path:
    """Return the folder of the artifacts of a store in a file; it is named after a file that has a name of its own."""
    return database.with_name("mlartifacts" if database.name == "mlflow.db" else f"{database.name}.artifacts")
