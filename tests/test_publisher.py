"""Publishing in a helper process, beside a stage's own work."""

import pytest

from hemline.errors import InputError
from hemline.tracking.publisher import publisher


def test_results_that_are_missing_are_the_stage_s_own_error(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InputError, match=r"^reports/evaluation/runs.csv: no such file"), publisher() as beside:
        beside.publish_figures(["linear"])


def test_a_process_that_is_killed_costs_one_warning(tmp_path, monkeypatch, capfd):
    monkeypatch.chdir(tmp_path)
    with publisher() as beside:
        (process,) = beside._helper._processes.values()
        process.kill()
        beside.publish_figures(["linear"])
    lines = capfd.readouterr().err.splitlines()
    assert len(lines) == 1
    assert lines[0].startswith("warning: MLflow: ")
    assert "make sync" in lines[0]
