import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent


@pytest.mark.parametrize("remote", [False, True])
def test_the_advice_to_push_stands_where_there_is_a_remote_and_else_not(tmp_path, remote):
    def run(*command):
        return subprocess.run(command, cwd=tmp_path, env=environment, check=True, capture_output=True, text=True).stdout

    environment = os.environ | {
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "PYTHONPATH": str(ROOT),
    }
    run("git", "init", "--quiet")
    run("dvc", "init", "--quiet")
    if remote:
        run("dvc", "remote", "add", "--default", "store", str(tmp_path / "store"))
    (tmp_path / "dvc.yaml").write_text("stages:\n  one: {cmd: echo done > out, outs: [out]}\n")
    printed = run(sys.executable, "-m", "hemline", "repro")
    assert "Running stage 'one'" in printed
    assert ("dvc push" in printed) == remote
    assert run(sys.executable, "-m", "hemline", "repro").splitlines()[-1] == "Data and pipelines are up to date."
