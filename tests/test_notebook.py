"""The notebook that loads the results, and the page that describes the tables, held against a finished workspace."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
import workspace_for_tests as workspace

from hemline.params import load_params
from hemline.tracking.publish import publish

ROOT = Path(__file__).parent.parent
NOTEBOOK = ROOT / "notebooks/results.ipynb"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    with pytest.MonkeyPatch.context() as monkeypatch:
        built = workspace.build(tmp_path_factory.mktemp("notebook") / "workspace", monkeypatch)
        assert publish(list(load_params().variants))
        yield built


def test_the_notebook_runs_from_its_own_folder_and_finds_a_run_for_every_training(folder):
    cells = [each for each in json.loads(NOTEBOOK.read_text())["cells"] if each["cell_type"] == "code"]
    assert all(each["outputs"] == [] for each in cells)
    code = "\n".join("".join(each["source"]) for each in cells) + "\nassert len(both) == len(runs) == 6\nprint(best)"
    (folder / "notebooks").mkdir()
    # Jupyter would need a kernel and its packages; the cells are plain Python.
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=folder / "notebooks",
        env=workspace.environment() | {"MPLBACKEND": "agg", "HOME": os.environ.get("HOME", "/")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout) == (0, "three\n"), done.stderr


def test_every_column_of_the_tables_is_described(folder):
    described = set(re.findall(r"`([a-z_0-9]+)`", (ROOT / "docs/PIPELINE.md").read_text()))
    for path in sorted((folder / "reports/evaluation").rglob("*.csv")):
        if path.parent.name != "confusion":  # whose columns are the classes
            assert set(pd.read_csv(path).columns) <= described, path.name
