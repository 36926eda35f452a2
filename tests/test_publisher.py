"""Publishing in a helper process, beside a stage's own work."""

import multiprocessing
import os
import subprocess
import sys
from multiprocessing.process import BaseProcess
from pathlib import Path

import pytest

from hemline.errors import InputError
from hemline.tracking.publisher import publisher

REPOSITORY = Path(__file__).parent.parent


def children() -> set[BaseProcess]:
    return set(multiprocessing.active_children())


def test_results_that_are_missing_are_the_stage_s_own_error(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InputError, match=r"^reports/evaluation/runs.csv: no such file"), publisher() as publish:
        publish(["linear"])


def test_a_process_that_is_killed_costs_one_warning(tmp_path, monkeypatch, capfd):
    monkeypatch.chdir(tmp_path)
    before = children()
    with publisher() as publish:
        (process,) = children() - before
        process.kill()
        publish(["linear"])
    lines = capfd.readouterr().err.splitlines()
    assert len(lines) == 1
    assert lines[0].startswith("warning: MLflow: ")
    assert "make sync" in lines[0]


# In a Python of its own: the process is forked, and would take over what other tests have imported in this one.
_WHAT_IS_IMPORTED = """
import sys
from hemline.tracking import publisher
def _publish(_):
    print("mlflow.store.tracking.sqlalchemy_store" in sys.modules, flush=True)
publisher._publish = _publish
with publisher.publisher() as publish:
    publish([])
"""


@pytest.mark.parametrize(("store", "imported"), [("sqlite:///mlflow.db", True), ("http://127.0.0.1:1", False)])
def test_what_opens_a_local_store_is_imported_while_the_stage_is_busy_and_opens_nothing(tmp_path, store, imported):
    told = subprocess.run(
        [sys.executable, "-c", _WHAT_IS_IMPORTED],
        cwd=tmp_path,
        env=os.environ | {"MLFLOW_TRACKING_URI": store, "PYTHONPATH": str(REPOSITORY)},
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    assert told.stdout == f"{imported}\n"
    assert list(tmp_path.iterdir()) == []
