#!/usr/bin/env bash
# Guess: create_study(direction="maximize", load_if_exists=True) on a study that minimises is an error, or a warning.
# What happens: the existing study is used with its own direction; a line of the log says that it exists, none that the
# direction differs. It still minimises, and best_trial is the one with the lowest accuracy.
# Versions: optuna 5.0.0, with SQLite and with journal files.
# Why it matters: a search is begun on loss with the default direction, the objective is changed to accuracy, and the
# command is run again with load_if_exists, which several workers, or a resumed search, need.
# Guard: none needed: Hemline has no optuna studies; which values are better is part of each metric
# (hemline/comparison/metrics.py).
set -euo pipefail
source "$(dirname "$0")/lib/fresh.sh"
fresh optuna==5.0.0
python -W error - <<'END'
import logging

import optuna
from optuna.storages import JournalStorage
from optuna.storages.journal import JournalFileBackend

said = []
handler = logging.Handler()
handler.emit = lambda record: said.append(record.getMessage())
logging.getLogger("optuna").addHandler(handler)


def storages():
    yield "SQLite", lambda: "sqlite:///study.db"
    yield "journal", lambda: JournalStorage(JournalFileBackend("journal.log"))


for name, storage in storages():
    optuna.create_study(storage=storage(), study_name="digits", direction="minimize")
    said.clear()
    study = optuna.create_study(storage=storage(), study_name="digits", direction="maximize", load_if_exists=True)
    for accuracy in (0.97, 0.12, 0.91):
        study.tell(study.ask(), accuracy)
    print(f"{name}: asked to maximize, has {study.direction.name}, best {study.best_value}; logged: {said}")
    assert study.direction.name == "MINIMIZE", "changed: the direction that was asked for"
    assert study.best_value == 0.12
    assert not any("direction" in text for text in said), "changed: it says so"
END
