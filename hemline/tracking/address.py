"""Where the MLflow store is; what only needs to know that imports no MLflow."""

import os
from pathlib import Path

from hemline.repository import repository


def tracking_uri() -> str:
    """Return ``MLFLOW_TRACKING_URI`` where it is set, or else the address of the repository's own store."""
    return os.environ.get("MLFLOW_TRACKING_URI") or f"sqlite:///{repository() / 'mlflow.db'}"


def local_database(uri: str) -> Path | None:
    """Return the file of a SQLite store, or None for any other address."""
    return Path(uri.removeprefix("sqlite:///")).resolve() if uri.startswith("sqlite:///") else None
