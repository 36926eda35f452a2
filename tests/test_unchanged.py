"""What evaluate and report hand on is of the parameters that DVC will note beside it."""

from contextlib import nullcontext
from pathlib import Path
from unittest.mock import Mock

import pytest
import workspace_for_tests as workspace
from ruamel.yaml import YAML

from hemline.errors import InputError
from hemline.params import check_unchanged, load_params
from stages import evaluate, report

REFUSED = "must stay as it is while a stage runs"


@pytest.fixture
def finished(tmp_path, monkeypatch):
    return workspace.build(tmp_path / "copy", monkeypatch)


def change(function):
    """Return ``function``, in the midst of which someone edits the parameters."""

    def changing(*arguments, **options):
        result = function(*arguments, **options)
        values = YAML().load(Path("params.yaml"))
        YAML().dump(values | {"epochs": values["epochs"] + 1}, Path("params.yaml"))
        return result

    return changing


@pytest.mark.parametrize(
    ("stage", "place"), [(evaluate, "stages.evaluate.evaluate"), (report, "hemline.report.page.render")]
)
def test_a_stage_whose_parameters_change_meanwhile_hands_on_nothing(finished, monkeypatch, stage, place):
    if stage is report:  # the one that completes MLflow
        monkeypatch.setattr(stage, "publisher", lambda: nullcontext(Mock()))
    former = {path: path.read_bytes() for path in Path("reports").rglob("*") if path.is_file()}
    module, _, name = place.rpartition(".")
    monkeypatch.setattr(place, change(getattr(__import__(module, fromlist=[name]), name)))
    monkeypatch.setattr("sys.argv", ["stage"])
    with pytest.raises(SystemExit, match=REFUSED):
        stage.main()
    assert {path: path.read_bytes() for path in Path("reports").rglob("*") if path.is_file()} == former


def test_comments_and_where_trainings_run_may_change_meanwhile(finished):
    params = load_params()
    Path("params.yaml").write_text(f"# A comment.\n{Path('params.yaml').read_text()}")
    check_unchanged(params)
    values = YAML().load(Path("params.yaml"))
    YAML().dump(values | {"cluster": "tcp://127.0.0.1:8786"}, Path("params.yaml"))
    check_unchanged(params)
    YAML().dump(values | {"epochs": values["epochs"] + 1}, Path("params.yaml"))
    with pytest.raises(InputError, match=REFUSED):
        check_unchanged(params)
