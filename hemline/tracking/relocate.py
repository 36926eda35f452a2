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
    """Rewrite the locations in ``database`` below another repository's folder of artifacts, if they exist here.

    MLflow has no function for that, so that this writes into its tables: the risk of another version is that columns
    are renamed, which fails before anything is written, or added, which leaves some locations as they are. A file
    that is no such database, or cannot be written, is an ``sqlite3.Error``.
    """
    with closing(sqlite3.connect(database)) as connection, connection:
        locations = connection.execute("SELECT artifact_location FROM experiments").fetchall()
        for place in {former(location or "", artifacts) for (location,) in locations} - {None}:
            for table, column in COLUMNS:
                connection.execute(
                    f"UPDATE {table} SET {column} = ? || substr({column}, ?) WHERE substr({column}, 1, ?) = ?",  # noqa: S608
                    (artifacts.as_uri(), len(str(place)) + 1, len(str(place)) + 1, f"{place}/"),
                )


def former(location: str, artifacts: Path) -> str | None:
    """Return the part of an experiment's ``location`` that named the artifacts' folder before they came here, or None.

    None is also the answer for artifacts that are elsewhere because they did not come along.
    """
    folder, separator, experiment = location.rpartition(f"/{artifacts.name}/")
    place = folder + separator.rstrip("/")
    if place == artifacts.as_uri() or not separator or not location.startswith("file://"):
        return None
    return place if (artifacts / experiment).exists() else None
