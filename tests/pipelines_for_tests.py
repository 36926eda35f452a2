"""A repository of its own for tests of the pipeline: this one's files, a tiny data set, small parameters."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
from datasets_for_tests import publish
from ruamel.yaml import YAML

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
    "stop_below_loss": None,
    "record_test": False,
    "seeds": [0, 1],
    "baseline": "linear",
    "variants": {"linear": {"hidden": []}, "dense-4": {"hidden": [4]}},
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
        done = subprocess.run(
            command, cwd=self.folder, env=self.environment, capture_output=True, text=True, check=False
        )
        assert not check or done.returncode == 0, f"{command}: {done.stdout}\n{done.stderr}"
        return done

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

    def set(self, **changes):
        """Change keys of params.yaml."""
        path = self.folder / "params.yaml"
        YAML().dump(YAML(typ="safe").load(path) | changes, path)

    def read(self, name):
        return (self.folder / name).read_text()

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


def make_pipeline(folder):
    """Copy the repository's files, with changes that are not yet committed, into ``folder``, and commit them."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=True,
    )
    for name in listed.stdout.splitlines():
        # The results in the repository are those of another data set; its tests are not needed.
        if (REPOSITORY / name).is_file() and not name.startswith(("reports/", "tests/", "dvc.lock")):
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
