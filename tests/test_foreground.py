"""A server that ends with its command, gently where it can, and with all its children."""

import os
import select
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from hemline.processes.ports import free_port

REPOSITORY = Path(__file__).parent.parent
COMMAND = """
import os, sys
from hemline.processes.foreground import run_in_foreground
port, text = int(sys.argv[2]), "it answers"
sys.exit(run_in_foreground([sys.executable, "-c", sys.argv[1]], os.environ, port, text))
"""
# Answers once it is told to.
LATE_SERVER = """
import http.server, pathlib, sys, time
while not pathlib.Path("go").exists():
    time.sleep(0.05)
http.server.HTTPServer(("127.0.0.1", {port}), http.server.BaseHTTPRequestHandler).serve_forever()
"""
# Starts a worker that does not listen to SIGTERM, then waits to be ended, and tells that it was asked to.
SERVER = """
import pathlib, signal, subprocess, sys, time
deaf = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print(flush=True); time.sleep(600)"
worker = subprocess.Popen([sys.executable, "-c", deaf], stdout=subprocess.PIPE)
worker.stdout.readline()
def end(*_):
    pathlib.Path("asked").touch()
    sys.exit(0)
signal.signal(signal.SIGTERM, end)
pathlib.Path("draft").write_text(str(worker.pid))
pathlib.Path("draft").rename("worker")
time.sleep(600)
"""


def start(code, folder, port=9, **options):
    environment = os.environ | {"PYTHONPATH": str(REPOSITORY)}
    return subprocess.Popen([sys.executable, "-c", COMMAND, code, str(port)], cwd=folder, env=environment, **options)


def alive(pid):
    try:
        # Ended, but not yet collected by whoever inherited it.
        return "State:\tZ" not in Path(f"/proc/{pid}/status").read_text()
    except FileNotFoundError:
        return False


def wait_until(condition):
    end = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.05)


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="looks for processes in Linux's /proc")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_asks_the_server_to_end_and_leaves_no_worker_behind(number, tmp_path):
    command = start(SERVER, tmp_path)
    wait_until((tmp_path / "worker").exists)
    worker = int((tmp_path / "worker").read_text())
    assert alive(worker)
    command.send_signal(number)
    assert command.wait(60) == 0
    assert (tmp_path / "asked").exists()
    wait_until(lambda: not alive(worker))


def test_how_a_server_is_used_is_told_once_it_answers_and_not_before(tmp_path):
    port = free_port(None, 0)
    with start(LATE_SERVER.format(port=port), tmp_path, port, stdout=subprocess.PIPE, text=True) as command:
        try:
            assert select.select([command.stdout], [], [], 1) == ([], [], [])
            (tmp_path / "go").touch()
            assert command.stdout.readline() == "it answers\n"
        finally:
            command.send_signal(signal.SIGTERM)
