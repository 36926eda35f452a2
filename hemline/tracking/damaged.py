"""A database that is damaged: recognized, and moved aside, so that a new one can be made from the results."""

import itertools
import sqlite3
from contextlib import closing
from pathlib import Path

_DAMAGED = {sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CORRUPT}


def is_damage(error: BaseException) -> bool:
    """Say whether an error means a damaged database, rather than of one that is locked or out of reach."""
    # The lowest byte is the error, what is above it tells more.
    return isinstance(error, sqlite3.DatabaseError) and getattr(error, "sqlite_errorcode", 0) & 0xFF in _DAMAGED


def damage(database: Path) -> str | None:
    """Return what is wrong with the file of a SQLite store, in a few words, or None.

    One that is locked or out of reach is an ``sqlite3.Error``.
    """
    if not database.stat().st_size:
        return "is empty"
    try:
        with closing(sqlite3.connect(database)) as connection:
            ((verdict,),) = connection.execute("PRAGMA quick_check(1)").fetchall()
            tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    except sqlite3.DatabaseError as error:
        if not is_damage(error):
            raise
        return str(error)
    if verdict != "ok":
        return " ".join(verdict.split())
    return None if {"experiments", "runs"} <= tables else "is no store of MLflow's"


def move_aside(database: Path) -> Path:
    """Rename a database, and what SQLite keeps beside it, and return its new place."""
    names = (database.with_name(f"{database.name}.damaged-{number}") for number in itertools.count(1))
    aside = next(path for path in names if not path.exists())
    for suffix in ("-wal", "-shm"):
        beside = database.with_name(database.name + suffix)
        if beside.exists():
            beside.rename(aside.with_name(aside.name + suffix))
    return database.rename(aside)
