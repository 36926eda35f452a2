"""A repository that was moved takes its artifacts with it."""

import sqlite3
from contextlib import closing

import pytest

from hemline.tracking.relocate import COLUMNS, relocate


@pytest.fixture
def database(tmp_path):
    tables = {}
    for table, column in COLUMNS:
        tables.setdefault(table, []).append(column)
    with closing(sqlite3.connect(tmp_path / "mlflow.db")) as connection, connection:
        for table, columns in tables.items():
            connection.execute(f"CREATE TABLE {table} ({', '.join(columns)})")
            for location in (
                "file:///former/mlartifacts/tiny",
                "file:///former/mlartifacts-of-others/tiny",
                "s3://b/x",
            ):
                connection.execute(
                    f"INSERT INTO {table} VALUES ({', '.join('?' * len(columns))})", [location] * len(columns)
                )
    return tmp_path / "mlflow.db"


def locations(database):
    with closing(sqlite3.connect(database)) as connection:
        return {row[0] for table, column in COLUMNS for row in connection.execute(f"SELECT {column} FROM {table}")}


def test_locations_below_the_former_place_lead_to_the_present_one(database, tmp_path):
    (tmp_path / "mlartifacts" / "tiny").mkdir(parents=True)
    relocate(database, tmp_path / "mlartifacts")
    here = (tmp_path / "mlartifacts" / "tiny").as_uri()
    assert locations(database) == {here, "file:///former/mlartifacts-of-others/tiny", "s3://b/x"}


def test_a_location_whose_artifacts_did_not_come_along_is_left_alone(database, tmp_path):
    before = locations(database)
    relocate(database, tmp_path / "mlartifacts")
    assert locations(database) == before
