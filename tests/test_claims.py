"""`hemline claims` from end to end: real DVC, a real MLflow store, a tiny data set.

One repository goes through all tests, in their order, as in `test_pipeline`.
"""

import hashlib
import os
import re
import signal
import sys
import time

import pytest
from pipelines_for_tests import make_pipeline
from ruamel.yaml import YAML
from test_claims_file import EXPERIMENT, SETTINGS, claim, values

BEGIN, END = "<!-- claims:begin -->", "<!-- claims:end -->"

pytestmark = pytest.mark.slow

UNSCALED = EXPERIMENT | {
    "normalize": {"scale": 1, "validation_split": 0},
    "baseline": "dense-4",
    "variants": {"dense-4": {"hidden": [4]}},
}
WORSE = {
    "kind": "ordering",
    "says": "worse without scaling",
    "of": "claims-tiny-unscaled/dense-4",
    "than": "claims-tiny/dense-4",
    "metric": "test_loss",
    "claimed": "higher",
}
SLOWER = WORSE | {"says": "slower", "of": "claims-tiny/dense-4", "than": "claims-tiny/linear", "metric": "seconds"}
CONTENTS = values(
    settings=SETTINGS | {"epochs": 2},
    experiments={"claims-tiny": EXPERIMENT, "claims-tiny-unscaled": UNSCALED},
    claims=[claim(), claim(WORSE, SLOWER, id="two")],
    questions_of="first",
    questions=[{"asks": "What are they?", "outputs_of": "claims-tiny/dense-4"}],
)
COMMAND = (sys.executable, "-m", "hemline", "claims")
DEADLINE = 300


@pytest.fixture(scope="module")
def repository(tmp_path_factory):
    """The repository, in whose workspace somebody is working, after the claims were killed and run again."""
    made = make_pipeline(tmp_path_factory.mktemp("claims") / "repository")
    YAML().dump(CONTENTS, made.folder / "claims.yaml")
    for name in ("README.md", "docs/CLAIMS.md"):
        (made.folder / name).write_text(f"# Title\n\n{BEGIN}\n{END}\n")
    made.commit("Claims")
    made.set(epochs=7, seeds=[5])
    made.before = state(made)
    made.killed = kill_in_the_second_training(made)
    made.second = made.run(*COMMAND, "--docs")
    return made


@pytest.fixture
def copied(repository, tmp_path):
    """A copy of it, for a test that changes something."""
    return repository.copy(tmp_path)


def state(repository):
    """Return what a user has in the workspace and would miss."""
    names = ("params.yaml", "dvc.lock", "dvc.yaml")
    files = {name: repository.read(name) for name in names if (repository.folder / name).exists()}
    status = repository.run("git", "status", "--porcelain").stdout
    return files, status, (repository.folder / "models").exists()


def kill_in_the_second_training(repository):
    """Start the claims, end them with SIGKILL once the first variant is trained, and return their output."""
    process = repository.start(*COMMAND)
    output = repository.folder.parent / "output"
    end = time.monotonic() + DEADLINE
    while "· dense-4" not in output.read_text():
        assert process.poll() is None, output.read_text()
        assert time.monotonic() < end
        time.sleep(0.1)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    return output.read_text()


def finished(repository):
    """Return (DVC experiment, variant, claims) of each finished run."""
    sql = """
    SELECT experiment.value, variant.value, claims.value FROM runs
    JOIN tags AS experiment ON experiment.run_uuid = runs.run_uuid AND experiment.key = 'dvc_experiment'
    JOIN tags AS variant ON variant.run_uuid = runs.run_uuid AND variant.key = 'variant'
    LEFT JOIN tags AS claims ON claims.run_uuid = runs.run_uuid AND claims.key = 'claims'
    WHERE runs.status = 'FINISHED'
    """
    return sorted(repository.query(sql), key=str)


def page(repository):
    return hashlib.sha256((repository.folder / "reports" / "claims.html").read_bytes()).hexdigest()


def test_the_claims_get_their_verdicts_and_the_page_is_written(repository):
    assert "We tested 2 published claims:" in repository.second.stdout
    for name in ("claims.html", "claims.md"):
        assert (repository.folder / "reports" / name).stat().st_size > 1000
    assert "times as long" in repository.read("reports/claims.md")


def test_progress_names_setting_and_claims(repository):
    assert "claims-tiny · linear (one, two)\n" in repository.killed
    assert "claims-tiny-unscaled · dense-4 (two)\n" in repository.second.stdout


def test_what_was_trained_before_the_kill_is_not_trained_again(repository):
    assert "· linear" in repository.killed
    assert "· linear" not in repository.second.stdout
    runs = finished(repository)
    assert len([run for run in runs if run[:2] == ("claims-tiny", "linear")]) == len(SETTINGS["seeds"])


def test_the_experiments_are_dvc_s_and_the_workspace_is_as_it_was(repository):
    shown = repository.run("dvc", "exp", "show", "--csv").stdout
    assert "claims-tiny," in shown
    assert "claims-tiny-unscaled," in shown
    files, status, models = state(repository)
    assert files == repository.before[0]
    assert models == repository.before[2]
    # The README and the page of claims are what it was asked to write; reports/ is not tracked.
    written = [" M README.md", " M docs/CLAIMS.md"]
    assert sorted(status.splitlines()) == sorted([*repository.before[1].splitlines(), *written])
    assert not list((repository.folder / ".dvc/tmp/exps/standalone").glob("tmp*"))


def test_every_run_stands_in_the_one_store_with_its_claims(repository):
    claims = {(run[0], run[1]): run[2] for run in finished(repository)}
    assert claims == {
        ("claims-tiny", "linear"): "one, two",
        ("claims-tiny", "dense-4"): "two",
        ("claims-tiny-unscaled", "dense-4"): "two",
    }


def test_the_page_of_claims_holds_the_table_and_the_readme_its_sum(repository):
    readme, whole = repository.read("README.md"), repository.read("docs/CLAIMS.md")
    for text in (readme, whole):
        assert text.startswith(f"# Title\n\n{BEGIN}\n\nWe tested 2 published claims:")
    assert re.search(r"^\| two +\|", whole, re.MULTILINE)
    assert "|" not in readme


def test_a_second_time_nothing_runs_and_a_store_that_was_deleted_is_completed_without_times(copied):
    before = page(copied), finished(copied)
    done = copied.run(*COMMAND, "--docs")
    assert "minutes" not in done.stdout
    assert done.stdout.splitlines()[-2:] == ["README.md: is up to date", "docs/CLAIMS.md: is up to date"]
    assert (page(copied), finished(copied)) == before
    before = [run[:2] for run in finished(copied)]
    for path in copied.folder.glob("mlflow.db*"):
        path.unlink()
    done = copied.run(*COMMAND)
    assert "minutes" not in done.stdout
    assert [run[:2] for run in finished(copied)] == before
    assert all(run[2] for run in finished(copied))
    assert "No times are known for these trainings" in copied.read("reports/claims.md")
