"""A damaged database is moved aside, and a new one is made; what is not damaged stays where it is."""

import sqlite3
from contextlib import closing

import pytest
import workspace_for_tests as workspace

from hemline.__main__ import main as hemline
from hemline.errors import InputError
from hemline.jobs.trained import Trained
from hemline.tracking import store
from hemline.tracking.damaged import damage, is_damage, move_aside


def create(path, *tables):
    with closing(sqlite3.connect(path)) as connection, connection:
        for table in tables:
            connection.execute(f"CREATE TABLE {table} (value)")
            connection.executemany(f"INSERT INTO {table} VALUES (?)", [("x" * 2000,)] * 20)
    return path


DAMAGES = {
    "empty": lambda path: path.write_bytes(b""),
    "of other bytes": lambda path: path.write_bytes(b"no database at all " * 100),
    "truncated": lambda path: path.write_bytes(path.read_bytes()[:12_000]),
    "overwritten in part": lambda path: path.write_bytes(path.read_bytes()[:20_000] + b"?" * 60_000),
    "without the tables": lambda path: (path.unlink(), create(path, "cats")),
}


@pytest.fixture
def database(tmp_path):
    return create(tmp_path / "mlflow.db", "experiments", "runs")


def test_a_whole_database_is_not_damaged(database):
    assert damage(database) is None


@pytest.mark.parametrize("how", DAMAGES.values(), ids=DAMAGES)
def test_a_damage_is_named_in_one_line(database, how):
    how(database)
    assert len(damage(database).splitlines()) == 1


def test_a_database_that_another_process_has_locked_is_not_taken_for_damaged(database):
    with closing(sqlite3.connect(database, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        connection = sqlite3.connect(database, timeout=0)
        with closing(connection), pytest.raises(sqlite3.OperationalError) as caught:
            connection.execute("SELECT * FROM runs")
    assert not is_damage(caught.value)
    assert not is_damage(OSError("no database"))


def test_nothing_is_overwritten_by_what_is_moved_aside(database):
    for number in (1, 2):
        database.write_bytes(b"%d" % number)
        for suffix in ("-wal", "-shm"):
            database.with_name(f"mlflow.db{suffix}").write_bytes(b"%d" % number)
        assert move_aside(database).name == f"mlflow.db.damaged-{number}"
    kept = {path.name: path.read_bytes() for path in database.parent.iterdir()}
    assert kept == {
        f"mlflow.db.damaged-{number}{suffix}": b"%d" % number for number in (1, 2) for suffix in ("", "-wal", "-shm")
    }


@pytest.fixture(scope="module")
def template(tmp_path_factory):
    with pytest.MonkeyPatch.context() as monkeypatch:
        folder = workspace.build(tmp_path_factory.mktemp("synced") / "workspace", monkeypatch)
        hemline(["sync"])
    return folder


# MLflow keeps a database open that it has once opened: these are opened after they are damaged.
@pytest.fixture
def synced(template, tmp_path, monkeypatch):
    return workspace.copy(template, tmp_path / "copy", monkeypatch)


def runs():
    return sorted(run.data.tags["model_sha256"] for run in store.search(store.open_store("tiny"), ""))


@pytest.mark.parametrize("how", ["empty", "of other bytes", "truncated"])
def test_a_damaged_store_is_made_anew_from_the_results_and_what_it_was_is_kept(synced, capfd, how):
    for path in synced.glob("mlflow.db-*"):
        path.unlink()
    DAMAGES[how](synced / "mlflow.db")
    damaged = (synced / "mlflow.db").read_bytes()
    hemline(["sync"])
    assert runs() == sorted(Trained(variant).model_sha256(seed) for variant in workspace.USUAL for seed in (0, 1))
    assert (synced / "mlflow.db.damaged-1").read_bytes() == damaged
    told = capfd.readouterr()
    assert "it is now mlflow.db.damaged-1, and a new one is made from the results of the workspace\n" in told.err
    assert f"{synced}/mlflow.db: rebuilt from the current workspace; to add the runs of another commit: " in told.out


def test_a_command_that_meets_a_damaged_store_names_the_one_that_mends_it(synced):
    DAMAGES["of other bytes"](synced / "mlflow.db")
    with pytest.raises(InputError, match=r"mlflow\.db: file is not a database; run `make sync`$"), store.reached():
        store.open_store("tiny")


def test_a_complete_store_is_completed_without_a_word(synced, capfd):
    hemline(["sync"])
    assert capfd.readouterr() == ("", "")
    assert not list(synced.glob("*damaged*"))
