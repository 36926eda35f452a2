"""A helper process, beside another."""

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

from hemline.processes.helper import helper_process

REPOSITORY = Path(__file__).parent.parent
# Prints the helper process, lets it sleep, and prints how that ended.
PARENT = """
    import os, sys, time
    from hemline.processes.helper import helper_process

    if __name__ == "__main__":
        with helper_process() as helper:
            print(helper.submit(os.getpid).result(), flush=True)
            error = helper.submit(time.sleep, float(sys.argv[1])).exception()
            print("slept" if error is None else repr(error), flush=True)
"""


@contextmanager
def started(tmp_path, seconds):
    """Start a process whose helper process sleeps; yield both."""
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


def test_it_ends_when_its_parent_is_killed(tmp_path):
    with started(tmp_path, seconds=600) as (process, helper):
        process.kill()
        helper.wait(60)


def test_an_error_drops_the_tasks_that_have_not_begun():
    futures = []
    with pytest.raises(ValueError, match="no"), helper_process() as helper:  # noqa: PT012 - the error comes inside
        futures = [helper.submit(time.sleep, 0.1) for _ in range(1000)]
        raise ValueError("no")
    with pytest.raises(CancelledError):
        futures[-1].result(timeout=60)


def test_an_error_leaves_no_process_that_is_still_ending_when_python_exits():
    pid = 0
    with pytest.raises(ValueError, match="no"), helper_process() as helper:  # noqa: PT012 - the error comes inside
        pid = helper.submit(os.getpid).result()
        helper.submit(time.sleep, 0.5)
        raise ValueError("no")
    assert not psutil.pid_exists(pid)


def test_ctrl_c_is_the_parent_s_to_answer(tmp_path):
    with started(tmp_path, seconds=1) as (process, helper):
        helper.send_signal(signal.SIGINT)
        assert process.stdout.readline() == "slept\n"


def test_ctrl_c_does_not_end_it_while_it_starts_either():
    with helper_process() as helper:
        (process,) = helper._processes.values()
        os.kill(process.pid, signal.SIGINT)
        assert helper.submit(os.getpid).result() == process.pid
