"""A repository that was moved: MLflow stores absolute locations of artifacts, which then lead nowhere."""

import sqlite3
from contextlib import closing
from pathlib import Path

# Every column that holds the location of an artifact, or of something below it.
COLUMNS = [
    ("experiments", "artifact_location"),
    ("runs", "artifact_uri"),
    ("logged_models", "artifact_location"),
    ("model_versions", "source"),
    ("model_versions", "storage_location"),
]


def relocate(database: Path, artifacts: Path) -> None:
    """Rewrite the locations in ``database`` that lie below another repository's ``mlartifacts``.

    Args:
        database: the SQLite store.
        artifacts: where its artifacts are now; a location is rewritten if what it names exists there.
    """
    here = artifacts.as_uri()
    with closing(sqlite3.connect(database)) as connection, connection:
        locations = connection.execute("SELECT artifact_location FROM experiments").fetchall()
        for former in {_former(location or "", artifacts) for (location,) in locations} - {None, here}:
            for table, column in COLUMNS:
                connection.execute(
                    f"UPDATE {table} SET {column} = ? || substr({column}, ?) WHERE substr({column}, 1, ?) = ?",  # noqa: S608
                    (here, len(str(former)) + 1, len(str(former)) + 1, f"{former}/"),
                )


def _former(location: str, artifacts: Path) -> str | None:
    """Return the part of ``location`` that names the artifacts' folder, if it is one that has come here."""
    folder, separator, experiment = location.rpartition(f"/{artifacts.name}/")
    if not separator or not location.startswith("file://") or not (artifacts / experiment).exists():
        return None
    return folder + separator.rstrip("/")
