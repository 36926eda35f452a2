"""A stage, or its helper process, is killed at each of the steps by which it commits something to disk.

``strace`` counts those steps, then ends the process instead of the n-th of them. Afterwards, what stages hand on is
there as a whole or not at all; one plain ``dvc repro`` ends with the bytes of an undisturbed run; nothing else is left.
"""

import re
import shutil
import subprocess
import sys
from collections import Counter

import numpy as np
import psutil
import pytest
from pipelines_for_tests import wait_until
from ruamel.yaml import YAML

pytestmark = pytest.mark.end_to_end

STAGES = ["normalize", "train linear", "evaluate", "report"]
# SQLite never calls fsync, but fdatasync.
STEPS = "rename,renameat,renameat2,link,linkat,unlink,unlinkat,fsync,fdatasync,ftruncate,mkdir,mkdirat,rmdir"
OUTPUTS = ["data/normalized", "models/linear", "reports/evaluation", "reports/figures", "reports/index.html"]


class Stage:
    """A stage of a pipeline that runs under strace when DVC runs it."""

    def __init__(self, pipeline, name):
        self.pipeline, self.name, self.base = pipeline, name, pipeline.folder.parent
        self.temporary = self.base / "temporary"
        self.temporary.mkdir(exist_ok=True)
        folder = self.base / "bin"
        folder.mkdir(exist_ok=True)
        # In place of `python`: this stage runs under strace where there are options for it.
        module = f"stages.{name}".split()
        command = " ".join([sys.executable, "-m", *module])
        (folder / "python").write_text(
            "#!/bin/sh\n"
            f'if [ "$*" = "-m {" ".join(module)}" ] && [ -f {self.base}/options ]; then\n'
            f"    exec strace -f -qq $(cat {self.base}/options) {command}\n"
            "fi\n"
            f'exec {sys.executable} "$@"\n'
        )
        (folder / "python").chmod(0o755)
        pipeline.environment["PATH"] = f"{folder}:{pipeline.environment['PATH']}"
        pipeline.environment["TMPDIR"] = str(self.temporary)
        self.key, self.lock = name.replace(" ", "@"), pipeline.folder / "dvc.lock"
        self.locked = YAML(typ="safe").load(self.lock)

    def run(self, options):
        """Let DVC run the stage under strace, as if it had never run."""
        shutil.rmtree(self.pipeline.folder / ".dvc/cache/runs", ignore_errors=True)
        self.lock.write_text("")
        YAML().dump(
            {**self.locked, "stages": {k: v for k, v in self.locked["stages"].items() if k != self.key}}, self.lock
        )
        (self.base / "options").write_text(options)
        self.pipeline.run("dvc", "repro", "--single-item", self.key, check=False)
        (self.base / "options").unlink()
        # A helper process ends after its parent, which it notices.
        wait_until(lambda: not processes_in(self.pipeline.folder))

    def steps(self):
        """Return how often a thread calls each step at most, in an undisturbed run."""
        log = self.base / "log"
        self.run(f"--seccomp-bpf -e trace={STEPS} -o {log}")
        counts = Counter(re.findall(r"^(\d+) +(\w+)\(", log.read_text(), re.MULTILINE))
        most = Counter()
        for (_, call), number in counts.items():
            most[call] = max(most[call], number)
        return most


def processes_in(folder):
    return [process for process in psutil.process_iter(["cwd"]) if process.info["cwd"] == str(folder)]


def files(folder):
    """Return all files below ``folder`` with their bytes; of a file, its bytes; None where there is none."""
    if folder.is_dir():
        return {path.relative_to(folder): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    return folder.read_bytes() if folder.exists() else None


def left_behind(stage):
    """Return what is in the temporary folder, or in .hemline without being kept on purpose."""
    hemline = stage.pipeline.folder / ".hemline"
    kept, emptied = {"figures", "seconds", "published"}, {"live", "drafts", "models", "recorded", "checkpoints"}
    odd = [path for path in hemline.iterdir() if path.name not in kept | emptied and path.suffix != ".lock"]
    for name in emptied:
        odd += list((hemline / name).glob("*"))
    return [*odd, *stage.temporary.iterdir()]


@pytest.fixture(scope="module")
def steps():
    """What has been counted, by stage."""
    try:
        subprocess.run(["strace", "-f", "-qq", "-o", "/dev/null", "true"], check=True, timeout=60)
    except (OSError, subprocess.SubprocessError) as error:
        pytest.skip(f"strace is not installed, or may not trace here: {error}")
    return {}


@pytest.mark.trials(few=4, many=40)  # each stage once
def test_killed_at_any_step_nothing_is_half_done_and_the_next_run_ends_as_it_would_have(steps, pipeline, repetition):
    generator = np.random.default_rng(repetition)
    stage = Stage(pipeline, STAGES[repetition % len(STAGES)])
    expected = {name: files(pipeline.folder / name) for name in OUTPUTS}
    if stage.name not in steps:
        steps[stage.name] = stage.steps()
    counted = sorted((call, number) for call, most in steps[stage.name].items() for number in range(1, most + 1))
    call, number = counted[generator.integers(len(counted))]
    print(f"{stage.name}, killed at {call} number {number} of {steps[stage.name][call]}")
    stage.run(f"-e trace={call} -e inject={call}:signal=SIGKILL:when={number} -o /dev/null")
    for name in OUTPUTS:
        assert files(pipeline.folder / name) in (None, expected[name]), name
    pipeline.run("dvc", "repro")
    assert {name: files(pipeline.folder / name) for name in OUTPUTS} == expected
    assert YAML(typ="safe").load(stage.lock) == stage.locked
    assert set(pipeline.statuses()) <= {"FINISHED", "KILLED", "FAILED"}
    assert left_behind(stage) == []
    assert processes_in(pipeline.folder) == []
