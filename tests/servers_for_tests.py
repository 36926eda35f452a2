"""Commands that serve, run as a user runs them, and stopped by the test."""

import contextlib
import json
import re
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request

import workspace_for_tests as workspace

from hemline.processes.ports import free_port

PATIENCE = 180  # seconds; no expectation, only an end to waiting


@contextlib.contextmanager
def serving(command, folder, ready):
    """Run ``hemline <command>`` in ``folder``; yield its process, port and log once the path ``ready`` answers."""
    port = free_port(None, 0)
    log = folder / f"{command}.{port}.log"  # a test may start another server in the folder
    with log.open("w") as file:
        process = subprocess.Popen(
            [sys.executable, "-m", "hemline", command, "--port", str(port)],
            cwd=folder,
            env=workspace.environment(),
            stdout=file,
            stderr=file,
        )
    try:
        wait_for(f"http://127.0.0.1:{port}{ready}", process, log)
        yield process, port, log
    finally:
        process.send_signal(signal.SIGINT)
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def wait_for(url, process, log):
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        assert process.poll() is None, log.read_text()
        try:
            with urllib.request.urlopen(url, timeout=5):
                return
        except OSError:
            time.sleep(0.2)
    raise AssertionError(f"{url} did not answer:\n{log.read_text()}")


def ask(port, body, content_type="application/json"):
    """Send a request to the model that is served; return the status and the answer."""
    request = urllib.request.Request(
        f"http://127.0.0.1:{port}/invocations", body.encode(), {"Content-Type": content_type}
    )
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        return error.code, json.load(error)


def answers(port):
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=5):
            return True
    except urllib.error.HTTPError:
        return True
    except OSError:
        return False


def printed(log, pattern):
    """Return what of ``log`` is in the brackets of ``pattern``; the server may answer a moment before that is told."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        if found := re.search(pattern, log.read_text(), re.MULTILINE):
            return found[1]
        time.sleep(0.1)
    raise AssertionError(log.read_text())


def first_link(log):
    return printed(log, r"^Runs and their curves: (http://\S+)$")
