"""A repository of its own for tests of the pipeline: this one's files, a tiny data set, small parameters.

To run the pipeline takes half a minute. It is done once for all tests, and each test takes a copy.
"""

import hashlib
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import numpy as np
import psutil
from datasets_for_tests import publish
from filelock import FileLock
from ruamel.yaml import YAML

from hemline.tracking.relocate import relocate

REPOSITORY = Path(__file__).parent.parent
PARAMS = {
    "dataset": "tiny",
    "normalize": {"scale": 255, "validation_split": 0.2},
    "epochs": 1,
    "batch_size": 16,
    "optimizer": "adam",
    "learning_rate": 0.01,
    "activation": "relu",
    "dropout": 0.0,
    "l2": 0.0,
    "stop_below_loss": None,
    "record_test": False,
    "seeds": [0, 1],
    "metric": "accuracy",
    "equivalence_margin": None,
    "tuning": {"trials": 0, "seed": 0},
    "baseline": "linear",
    "variants": {"linear": {"hidden": []}, "dense-4": {"hidden": [4]}},
}
PRINTED = ".dvc/tmp/printed"  # where a pipeline that was made once keeps what its last `dvc repro` printed
PATIENCE = 300  # seconds after which something that must happen is taken not to
TRAINED = {
    *("seed-0.keras", "seed-1.keras", "history.csv", "layers.csv", "settings.json"),
    *("validation-probabilities.npy", "test-probabilities.npy"),
}


class Pipeline:
    """A git repository with the pipeline in it."""

    def __init__(self, folder):
        self.folder = folder
        self.environment = os.environ | {
            "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]),
            "HOME": str(folder.parent),
            "GIT_AUTHOR_NAME": "Tester",
            "GIT_AUTHOR_EMAIL": "tester@example.org",
            "GIT_COMMITTER_NAME": "Tester",
            "GIT_COMMITTER_EMAIL": "tester@example.org",
            "NO_PROXY": "*",
        }
        # What the tests' own environment says of another repository or store.
        for name in list(self.environment):
            if name.startswith(("DVC_", "GIT_DIR", "GIT_WORK_TREE", "MLFLOW_", "PYTEST_")):
                del self.environment[name]

    def run(self, *command, check=True):
        # In a session of its own: what its children hold open would be waited for after its death.
        with subprocess.Popen(
            command,
            cwd=self.folder,
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        ) as process:
            try:
                stdout, stderr = process.communicate(timeout=PATIENCE)
            except BaseException:
                os.killpg(process.pid, signal.SIGKILL)
                raise
        assert not check or process.returncode == 0, f"{command}: {stdout}\n{stderr}"
        return subprocess.CompletedProcess(command, process.returncode, stdout, stderr)

    def start(self, *command, **environment):
        """Start ``command`` in a session of its own, with its output in ``<folder>/../output``."""
        with (self.folder.parent / "output").open("a") as output:
            return subprocess.Popen(
                command,
                cwd=self.folder,
                env=self.environment | environment,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )

    def output(self):
        """Return what the commands that were started have printed since it was cleared."""
        return (self.folder.parent / "output").read_text()

    def clear_output(self):
        (self.folder.parent / "output").write_text("")

    def trainings(self):
        """Return the processes that train in this repository; no shell that only started one."""
        return [
            process
            for process in psutil.process_iter(["cmdline", "cwd"])
            if process.info["cwd"] == str(self.folder)
            and (process.info["cmdline"] or [])[1:3] == ["-m", "stages.train"]
        ]

    def statuses(self):
        """Return the statuses of all runs, from the first that was started on."""
        return [status for (status,) in self.query("SELECT status FROM runs ORDER BY start_time")]

    def model_digests(self, variant):
        """Return the SHA-256 of each file of a variant's trainings."""
        folder = self.folder / "models" / variant
        return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.glob("*")}

    def copy(self, parent):
        """Return a copy of all of it, as ``parent / "repository"``."""
        folder = parent / "repository"
        shutil.copytree(self.folder, folder, symlinks=True)
        if (folder / "mlflow.db").exists():
            relocate(folder / "mlflow.db", folder / "mlartifacts")  # as `make sync` does after a move
        return Pipeline(folder)

    def forget_the_store(self):
        shutil.rmtree(self.folder / "mlartifacts", ignore_errors=True)
        for path in self.folder.glob("mlflow.db*"):
            path.unlink()

    def set(self, **changes):
        """Change keys of params.yaml."""
        path = self.folder / "params.yaml"
        YAML().dump(YAML(typ="safe").load(path) | changes, path)

    def checkpoint_often(self):
        """Let trainings keep checkpoints after a fraction of a second, so that those of seconds have some."""
        path = self.folder / "hemline/jobs/checkpoint.py"
        text = path.read_text()
        assert "\nSECONDS = 5.0\n" in text
        path.write_text(text.replace("\nSECONDS = 5.0\n", "\nSECONDS = 0.2\n"))
        self.commit("Checkpoints after a fraction of a second")

    def read(self, name):
        return (self.folder / name).read_text()

    def query(self, sql):
        """Return the rows that MLflow's database answers with."""
        with closing(sqlite3.connect(self.folder / "mlflow.db")) as connection:
            return connection.execute(sql).fetchall()

    def commit(self, message):
        self.run("git", "add", "--all")
        self.run("git", "commit", "--quiet", "--allow-empty", "--message", message)


def arrays(train=60, test=30, classes=3):
    """Images of 4 x 5 pixels that are brighter by class."""
    generator = np.random.default_rng(0)

    def part(count):
        labels = np.arange(count, dtype=np.uint8) % classes
        noise = generator.integers(0, 120, (count, 4, 5))
        return (noise + 40 * labels[:, None, None]).astype(np.uint8), labels

    (train_images, train_labels), (test_images, test_labels) = part(train), part(test)
    return {
        "train-images": train_images,
        "train-labels": train_labels,
        "test-images": test_images,
        "test-labels": test_labels,
    }


def make_pipeline(folder, *, tests=False):
    """Copy the repository's files, with changes that are not yet committed, into ``folder``, and commit them."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=True,
    )
    for name in listed.stdout.splitlines():
        # The results in the repository are those of another data set; its tests are rarely needed.
        left_out = ("reports/", "dvc.lock") if tests else ("reports/", "tests/", "dvc.lock")
        if (REPOSITORY / name).is_file() and not name.startswith(left_out):
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(REPOSITORY / name, folder / name)
    publish(folder, arrays(), sources=[str(folder / "published")])
    YAML().dump(PARAMS, folder / "params.yaml")
    pipeline = Pipeline(folder)
    (folder / ".gitignore").write_text((folder / ".gitignore").read_text() + "/published/\n")
    pipeline.run("git", "init", "--quiet", "--initial-branch", "main")
    pipeline.run("git", "config", "user.name", "Tester")
    pipeline.run("git", "config", "user.email", "tester@example.org")
    pipeline.commit("A pipeline on a tiny data set")
    return pipeline


def finished_pipeline(tmp_path_factory):
    """Return a pipeline after its first `dvc repro`, to be copied."""

    def make(folder):
        pipeline = make_pipeline(folder)
        (folder / PRINTED).write_text(pipeline.run("dvc", "repro").stdout)
        pipeline.commit("First results")

    return _made_once(tmp_path_factory, "finished", make)


def longer_pipeline(tmp_path_factory):
    """Return the same after a second one, with one epoch more for dense-4."""

    def make(folder):
        pipeline = finished_pipeline(tmp_path_factory).copy(folder.parent)
        pipeline.set(variants={"linear": {"hidden": []}, "dense-4": {"hidden": [4], "epochs": 2}})
        (folder / PRINTED).write_text(pipeline.run("dvc", "repro").stdout)
        pipeline.commit("Two epochs")

    return _made_once(tmp_path_factory, "longer", make)


def _made_once(tmp_path_factory, name, make):
    """Let ``make`` fill a repository, unless another worker of pytest-xdist has done it."""
    base = tmp_path_factory.getbasetemp()
    parent = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / name
    with FileLock(f"{parent}.lock", timeout=2 * PATIENCE):
        if not (parent / "made").exists():
            shutil.rmtree(parent, ignore_errors=True)
            parent.mkdir()
            make(parent / "repository")
            (parent / "made").touch()
    return Pipeline(parent / "repository")


def wait_until(condition):
    """Return what ``condition`` gives as soon as that is something."""
    end = time.monotonic() + PATIENCE
    while not (found := condition()):
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.05)
    return found


def kill_processes_in(folder):
    for process in psutil.process_iter(["cwd"]):
        if Path(process.info["cwd"] or "/").is_relative_to(folder):
            process.kill()
