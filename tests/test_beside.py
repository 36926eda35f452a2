"""A process beside another."""

import os
import signal
import subprocess
import sys
import textwrap
import time
from concurrent.futures import CancelledError
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest

from hemline.processes.helper import process_beside

REPOSITORY = Path(__file__).parent.parent
# Prints the process beside, lets it sleep, and prints how that ended.
PARENT = """
    import os, sys, time
    from hemline.processes.helper import process_beside

    if __name__ == "__main__":
        with process_beside() as beside:
            print(beside.submit(os.getpid).result(), flush=True)
            error = beside.submit(time.sleep, float(sys.argv[1])).exception()
            print("slept" if error is None else repr(error), flush=True)
"""


@contextmanager
def started(tmp_path, seconds):
    """Start a process whose process beside sleeps; yield both."""
    (tmp_path / "parent.py").write_text(textwrap.dedent(PARENT))
    with subprocess.Popen(
        [sys.executable, str(tmp_path / "parent.py"), str(seconds)],
        env=os.environ | {"PYTHONPATH": str(REPOSITORY)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as process:
        yield process, psutil.Process(int(process.stdout.readline()))
        process.kill()


def test_a_task_runs_in_another_process():
    with process_beside() as beside:
        assert beside.submit(os.getpid).result() != os.getpid()


def test_it_ends_when_its_parent_is_killed(tmp_path):
    with started(tmp_path, seconds=600) as (process, beside):
        process.kill()
        beside.wait(60)


def test_an_error_drops_the_tasks_that_have_not_begun():
    futures = []
    with pytest.raises(ValueError, match="no"), process_beside() as beside:  # noqa: PT012 - the error comes inside
        futures = [beside.submit(time.sleep, 0.1) for _ in range(1000)]
        raise ValueError("no")
    with pytest.raises(CancelledError):
        futures[-1].result(timeout=60)


def test_ctrl_c_is_the_parent_s_to_answer(tmp_path):
    with started(tmp_path, seconds=1) as (process, beside):
        beside.send_signal(signal.SIGINT)
        assert process.stdout.readline() == "slept\n"


def test_ctrl_c_does_not_end_it_while_it_starts_either():
    with process_beside() as beside:
        (process,) = beside._processes.values()
        os.kill(process.pid, signal.SIGINT)
        assert beside.submit(os.getpid).result() == process.pid
