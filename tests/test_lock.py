import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

from filelock import FileLock, Timeout

from hemline.processes.lock import locked

REPOSITORY = Path(__file__).parent.parent


def is_free(path):
    lock = FileLock(path)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        return False
    lock.release()
    return True


def test_nothing_is_said_where_nobody_else_holds_it(tmp_path, capsys):
    path = tmp_path / "a" / "folder" / "lock"
    with locked(path, "waiting"):
        assert not is_free(path)
    assert is_free(path)
    assert capsys.readouterr().out == ""


def said_soon(capsys):
    """Return what is printed, once it is a line, which may come in pieces; as far as it came after far too long."""
    said = ""
    for _ in range(1000):
        said += capsys.readouterr().out
        if said.endswith("\n"):
            break
        time.sleep(0.03)
    return said


def test_whoever_comes_second_says_once_that_it_waits_and_then_has_its_turn(tmp_path, capsys):
    path, entered = tmp_path / "lock", []

    def second():
        with locked(path, "waiting for the first"):
            entered.append("second")

    with locked(path, "never printed"):
        thread = threading.Thread(target=second)
        thread.start()
        assert said_soon(capsys) == "waiting for the first\n"
        assert entered == []
        entered.append("first")
    thread.join()
    assert entered == ["first", "second"]
    assert capsys.readouterr().out == ""


def test_the_system_frees_it_where_its_holder_is_killed(tmp_path):
    code = f"from pathlib import Path; from hemline.processes.lock import locked\n\
with locked(Path({str(tmp_path / 'lock')!r}), ''): print('held', flush=True); input()"
    with subprocess.Popen(
        [sys.executable, "-c", code], cwd=REPOSITORY, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as holder:
        assert holder.stdout.readline() == b"held\n"
        assert not is_free(tmp_path / "lock")
        holder.send_signal(signal.SIGKILL)
        holder.wait()
    assert is_free(tmp_path / "lock")
