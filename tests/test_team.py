"""A team on one server with PostgreSQL and S3, by the commands of docs/TEAM.md: logging at once, outages, sharing."""

import json
import re
import shutil
import subprocess
from concurrent.futures import ProcessPoolExecutor
from contextlib import closing
from multiprocessing import get_context
from pathlib import Path

import pytest
import requests
from pipelines_for_tests import Pipeline, finished_pipeline, kill_processes_in, wait_until
from runs_for_tests import COMPLETE, opened_runs
from team_for_tests import EPOCHS, PAGE, SECTIONS, log_training, team

from hemline.jobs.trained import Trained

ROOT = Path(__file__).parent.parent
LOGGERS = [f"member-{number}" for number in range(8)]
TRAININGS = {("linear", 0), ("linear", 1), ("dense-4", 0), ("dense-4", 1)}
WRONG = "quite-another-secret"
# On a machine that is busy with other things, an answer may take longer than anybody would wait for it.
PATIENT = {"MLFLOW_HTTP_REQUEST_TIMEOUT": "120"}
# By run, of any status: variant, seed, epochs, status, metrics, and the steps of the loss.
LIST_RUNS = """
import json
from hemline.tracking import store
opened = store.open_store("tiny")
for each in store.search(opened, ""):
    params = each.data.params
    history = opened.client.get_metric_history(each.info.run_id, "loss")
    print(json.dumps({
        "training": [params.get("variant"), int(params.get("seed", -1)), int(params.get("epochs", -1))],
        "status": each.info.status,
        "metrics": sorted(each.data.metrics),
        "steps": sorted(point.step for point in history),
        "models": len(each.outputs.model_outputs) if each.outputs else 0,
    }))
"""


@pytest.fixture(scope="module")
def services(tmp_path_factory):
    with team(tmp_path_factory.mktemp("team")) as started:
        yield started


@pytest.fixture(scope="module")
def ada(services, tmp_path_factory):
    """The clone of somebody who has trained on one machine so far, and now names the team's storage and server."""
    parent = tmp_path_factory.mktemp("ada")
    pipeline = finished_pipeline(tmp_path_factory).copy(parent)
    pipeline.forget_the_store()
    pipeline.environment |= services.variables("Each person") | PATIENT
    services.run("The repository", pipeline.folder, pipeline.environment)
    yield pipeline
    kill_processes_in(parent)


class Story:
    """What happened: eight trainings and a pipeline logged at once, then server and database were killed."""


@pytest.fixture(scope="module")
def story(services, ada, tmp_path_factory):
    """Let all of it happen once; the tests look at what is left."""
    told, signs = Story(), tmp_path_factory.mktemp("signs")
    context = get_context("forkserver")
    context.set_forkserver_preload(["hemline.tracking.store_writer"])
    with ProcessPoolExecutor(len(LOGGERS), mp_context=context) as members:
        who = {key: value for key, value in ada.environment.items() if key.startswith("MLFLOW_")}
        who["DVC_ROOT"] = str(ada.folder)
        settings = Trained("linear", ada.folder / "models").settings()
        # A copy, because DVC removes the models that are to be trained anew.
        model = Path(shutil.copy(ada.folder / "models/linear/seed-0.keras", tmp_path_factory.mktemp("model")))
        logging = [
            members.submit(log_training, settings.model_copy(update={"variant": name}), model, who, signs)
            for name in LOGGERS
        ]
        try:
            told.during = ada.run("dvc", "exp", "run", "-S", "epochs=3")
            wait_until(lambda: len(list(signs.iterdir())) == len(LOGGERS) or any(each.done() for each in logging))
            told.before = runs_of(ada)
            services.kill("server")
            services.kill("database")
            told.outage = ada.run("dvc", "exp", "run", "-S", "epochs=4")
            services.start_database()
            services.start_server()
        finally:
            (signs / "go-on").touch()
        told.members = {name: each.result() for name, each in zip(LOGGERS, logging, strict=True)}
    told.after = runs_of(ada)
    return told


def runs_of(pipeline):
    lines = pipeline.run("python", "-c", LIST_RUNS).stdout.splitlines()
    return [json.loads(line) for line in lines if line.startswith("{")]


def trainings(runs, epochs):
    return {tuple(run["training"][:2]): run for run in runs if run["training"][2] == epochs}


def warnings(text):
    return [line for line in text.splitlines() if "warning: MLflow" in line]


@pytest.mark.slow
def test_a_pipeline_beside_eight_trainings_that_log_at_once_is_complete(story):
    assert warnings(story.during.stderr) == []
    runs = trainings(story.before, epochs=3)
    assert set(runs) == TRAININGS
    for run in runs.values():
        assert run["status"] == "FINISHED"
        assert set(run["metrics"]) >= COMPLETE
        assert run["steps"] == [1, 2, 3]


@pytest.mark.slow
def test_trainings_whose_server_and_database_are_killed_and_come_back_lose_nothing(story):
    runs = {run["training"][0]: run for run in story.after if run["training"][0] in LOGGERS}
    for name, (epochs, said) in story.members.items():
        assert epochs > EPOCHS
        assert len(warnings(said)) == 1
        assert said.splitlines()[-1] == "MLflow answers again, and has what it missed"
        assert runs[name]["status"] == "FINISHED"
        assert runs[name]["steps"] == list(range(1, epochs + 1))
        assert runs[name]["models"] == 1
    assert len([run for run in story.after if run["training"][0] in LOGGERS]) == len(LOGGERS)


@pytest.mark.slow
def test_an_experiment_without_a_server_has_its_results_and_one_warning_a_stage(story):
    assert "dense-4  seed 1  epoch 4/4" in story.outage.stdout
    # Two trainings, and the report, which completes MLflow for evaluate as well.
    assert len(warnings(story.outage.stdout + story.outage.stderr)) == 3
    assert trainings(story.after, epochs=4) == {}


@pytest.fixture(scope="module")
def bob(services, ada, story, tmp_path_factory):
    """The clone of somebody else, who pulls the results of the experiment that the server knows nothing of."""
    requests.post(
        f"{services.address}/api/2.0/mlflow/users/create",
        auth=("admin", services.variables("The server")["MLFLOW_AUTH_ADMIN_PASSWORD"]),
        json={"username": "bob", "password": "bobs-own-secret"},
        timeout=60,
    ).raise_for_status()
    ada.run("git", "add", "dvc.lock", "params.yaml", "reports")
    ada.run("git", "commit", "--quiet", "--message", "Four epochs")
    ada.run("dvc", "push")
    clone = Pipeline(tmp_path_factory.mktemp("bob") / "repository")
    clone.environment |= services.variables("Each person") | PATIENT
    clone.environment |= {"MLFLOW_TRACKING_USERNAME": "bob", "MLFLOW_TRACKING_PASSWORD": "bobs-own-secret"}
    ada.run("git", "clone", "--quiet", str(ada.folder), str(clone.folder))
    clone.run("dvc", "pull")
    return clone


@pytest.mark.slow
def test_what_the_server_missed_is_completed_by_two_people_at_once_and_no_run_stands_twice(ada, bob):
    both = [each.start("python", "-m", "hemline", "sync") for each in (ada, bob)]
    assert [each.wait() for each in both] == [0, 0], bob.output()
    before = runs_of(bob)
    assert len([run for run in before if run["training"][2] == 4 and run["status"] == "FINISHED"]) == len(TRAININGS)
    assert {training[:2] for training in opened_runs(bob, among=4)} == TRAININGS
    assert not [run for run in before if run["status"] == "RUNNING"]
    again = bob.run("python", "-m", "hemline", "sync")
    assert (again.stdout, again.stderr) == ("", "")
    assert runs_of(bob) == before


@pytest.mark.slow
def test_a_champion_that_one_promotes_is_everybody_s(ada, bob):
    promoted = ada.run("python", "-m", "hemline", "promote").stdout
    assert "Promoted to version 1: there was no champion" in promoted
    assert "Not promoted: this model is the champion (version 1" in bob.run("python", "-m", "hemline", "promote").stdout


@pytest.mark.slow
def test_a_clone_that_never_trained_fills_a_store_of_its_own(bob):
    own = Pipeline(bob.folder)
    own.environment = {key: value for key, value in bob.environment.items() if not key.startswith("MLFLOW_")}
    own.run("python", "-m", "hemline", "sync")
    runs = trainings(runs_of(own), epochs=4)
    assert set(runs) == TRAININGS
    assert all(run["status"] == "FINISHED" and set(run["metrics"]) >= COMPLETE for run in runs.values())
    assert "Running stage" not in own.run("dvc", "repro").stdout


@pytest.mark.slow
def test_a_wrong_password_is_one_line_without_it_and_costs_no_training(bob):
    wrong = Pipeline(bob.folder)
    wrong.environment = bob.environment | {"MLFLOW_TRACKING_PASSWORD": WRONG}
    refused = "MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD"
    ui = wrong.run("python", "-m", "hemline", "ui", check=False)
    assert ui.returncode == 1
    assert re.fullmatch(rf"error: MLflow at http://\S+: the server refuses .*{refused}\n", ui.stderr)
    sync = wrong.run("python", "-m", "hemline", "sync", check=False)
    assert sync.returncode == 1
    assert re.fullmatch(rf"warning: MLflow: the server refuses .*{refused}; run `make sync` .*\n", sync.stderr)
    train = wrong.run("python", "-m", "stages.train", "linear")
    assert re.fullmatch(rf"warning: MLflow: the server refuses .*{refused}; run `make sync` .*\n", train.stderr)
    assert WRONG not in ui.stderr + sync.stderr + train.stderr


@pytest.mark.slow
def test_the_database_is_the_one_that_the_page_makes(services, story):
    with closing(services.connection("runs")) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT name FROM experiments")
        assert ("tiny",) in cursor.fetchall()
        cursor.execute("SELECT artifact_uri FROM runs")
        assert all(uri.startswith("mlflow-artifacts:/") for (uri,) in cursor.fetchall())


def test_the_page_installs_the_server_that_the_lock_file_pins():
    (named,) = re.findall(r"mlflow\[auth\]==(\S+?)\"", PAGE)
    (pinned,) = re.findall(r"^mlflow==(\S+)", (ROOT / "requirements.lock").read_text(), re.MULTILINE)
    assert named == pinned


def test_the_commands_of_the_page_are_those_that_are_tried_here():
    tried = Path(__file__).read_text()
    for command in re.findall(r"^(dvc \S+(?: run -S \S+)?|make \S+)", SECTIONS["Each person"], re.MULTILINE):
        words = command.split()
        module = {"make": ["python", "-m", "hemline", words[-1]]}.get(words[0], words)
        assert ", ".join(f'"{word}"' for word in module) in tried, command


def test_shell_commands_of_the_page_are_written_correctly():
    for block in re.findall(r"^```sh\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL):
        assert subprocess.run(["sh", "-n"], input=block, text=True, check=False).returncode == 0, block
