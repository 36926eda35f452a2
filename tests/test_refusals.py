"""What the machine refuses: a full disk, a folder that cannot be written, a limit; by calls that fail, and really."""

import contextlib
import errno
import os
import pty
import re
import shutil
import signal
import subprocess
import sys
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from datasets_for_tests import publish
from pipelines_for_tests import PARAMS, PATIENCE, arrays
from ruamel.yaml import YAML

from hemline.download.sources import fetch
from hemline.errors import REMEDIES, one_line_errors, writing

REPOSITORY = Path(__file__).parent.parent
NUMBERS = sorted(REMEDIES)
# A store of runs out of reach costs no training, and takes no space.
NO_STORE = {"MLFLOW_TRACKING_URI": "sqlite:////proc/nowhere/mlflow.db"}
LIMITED = ("sh", "-c", 'ulimit -f 1; exec "$@"', "-")  # files of at most a block, which is 512 or 1024 bytes


def ending(function):
    """Run ``function`` as a stage does, and return the line that it ends with."""
    with pytest.raises(SystemExit) as end, one_line_errors():
        function()
    (line,) = str(end.value.code).splitlines()
    return line


def raising(*arguments):
    raise OSError(*arguments)


@pytest.mark.parametrize("number", NUMBERS, ids=errno.errorcode.get)
def test_what_the_machine_refuses_is_one_line_with_the_path_the_cause_and_the_remedy(number):
    line = ending(partial(raising, number, os.strerror(number), "/some/file"))
    assert line == f"error: /some/file: {os.strerror(number).lower()}; {REMEDIES[number]}"


@pytest.mark.parametrize("number", [errno.ENOENT, errno.EBADF, errno.EINVAL, errno.ECHILD, None])
def test_any_other_error_of_the_system_is_a_defect_and_keeps_its_traceback(number):
    with pytest.raises(OSError, match="a text"), one_line_errors():
        raising(number, "a text")


def at_a_terminal(code):
    """Run Python's ``code`` with a terminal for its errors; return what stands there."""
    ours, theirs = pty.openpty()
    subprocess.run([sys.executable, "-c", code], cwd=REPOSITORY, stderr=theirs, check=False)
    os.close(theirs)
    text = b""
    with contextlib.suppress(OSError):  # the end of what a terminal was told, under Linux
        while part := os.read(ours, 1 << 16):
            text += part
    os.close(ours)
    return text.decode().splitlines()


def test_on_a_terminal_a_second_line_names_the_page_that_tells_how_to_go_on():
    raised = (
        "from hemline.errors import InputError, one_line_errors\nwith one_line_errors(): raise InputError('a: wrong')"
    )
    lines = at_a_terminal(raised)
    assert lines == ["error: a: wrong", "What to do then: docs/TROUBLESHOOTING.md"]
    assert (REPOSITORY / lines[1].rpartition(" ")[2]).is_file()
    full = raised.replace("InputError('a: wrong')", f"OSError({errno.ENOSPC}, 'full', 'a')")
    assert at_a_terminal(full)[1:] == lines[1:]


@pytest.mark.parametrize("error", [KeyError("a"), OSError(errno.EBADF, "a text")])
def test_a_defect_names_the_page_below_its_traceback(error):
    with pytest.raises(type(error)) as raised, one_line_errors():
        raise error
    assert raised.value.__notes__ == ["This is a defect of Hemline; docs/TROUBLESHOOTING.md says what to try."]


def test_a_reader_that_has_seen_enough_ends_a_command_without_a_word():
    code = (
        "from hemline.errors import one_line_errors\n"
        "with one_line_errors():\n"
        "    for line in range(100_000): print(line, flush=True)"
    )
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE) as command:
        assert command.stdout.readline() == b"0\n"
        command.stdout.close()
        assert command.stderr.read() == b""
        assert command.wait() == 128 + signal.SIGPIPE


def test_a_pipe_to_others_that_is_broken_is_a_defect():
    with pytest.raises(BrokenPipeError), one_line_errors():
        raise BrokenPipeError(errno.EPIPE, "Broken pipe")


def test_for_temporary_files_another_folder_is_advised_and_for_others_not(tmp_path, monkeypatch):
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    assert "TMPDIR" in ending(partial(raising, errno.ENOSPC, "full", str(tmp_path / "draft")))
    assert "TMPDIR" not in ending(partial(raising, errno.ENOSPC, "full", "/srv/draft"))


def test_an_array_of_which_a_part_was_written_is_a_full_disk(tmp_path):
    def write():
        with writing(tmp_path / "array.npy"):
            np.zeros(10_000).tofile("/dev/full")

    assert ending(write).startswith(f"error: {tmp_path / 'array.npy'}: no space left on device; make space there")


@pytest.fixture
def workspace(tmp_path, monkeypatch):
    """A folder with a data set, its raw files and parameters."""
    monkeypatch.delenv("DVC_ROOT", raising=False)
    monkeypatch.chdir(tmp_path)
    dataset, _ = publish(tmp_path, arrays(), sources=[str(tmp_path / "published")])
    fetch(dataset)
    YAML().dump(PARAMS, tmp_path / "params.yaml")
    return tmp_path


def files(folder):
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def run(folder, *command, **environment):
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("DVC_", "MLFLOW_"))}
    return subprocess.run(
        command,
        cwd=folder,
        env=clean | NO_STORE | {"PYTHONPATH": str(REPOSITORY)} | environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=PATIENCE,
    )


def stage(name, *arguments):
    return (sys.executable, "-m", f"stages.{name}", *arguments)


def last_line(done):
    """Return the error of a stage that failed; what else it may say is the warning that MLflow's store is elsewhere."""
    assert done.returncode == 1, done.stderr
    *before, line = done.stderr.splitlines()
    assert all(other.startswith("warning: MLflow: ") for other in before), done.stderr
    return line


def mounting(*script):
    """Return the start of a command that runs in mounts of its own; skips the test where that is not allowed."""
    command = ("unshare", "--map-root-user", "--mount", "sh", "-ec", "; ".join([*script, 'exec "$@"']), "-")
    try:
        probe = subprocess.run([*command, "true"], capture_output=True, text=True, check=False)
    except FileNotFoundError:
        pytest.skip("no `unshare` here")
    if probe.returncode:
        pytest.skip(f"mounts are not allowed here: {probe.stderr.strip()}")
    return command


@pytest.mark.parametrize("name", ["download", "normalize"])
def test_files_that_may_not_be_as_large_end_a_stage_with_one_line(workspace, name):
    shutil.rmtree(workspace / "data/raw") if name == "download" else None
    command = stage(name, *(["tiny"] if name == "download" else []))
    line = last_line(run(workspace, *LIMITED, *command))
    assert re.match(r"error: (data|\.hemline)/\S+: (file too large|no space left on device); ", line)
    assert run(workspace, *command).returncode == 0


def test_too_few_open_files_are_this_machines_fault_and_not_the_sources(tmp_path):
    publish(tmp_path, sources=[str(tmp_path / "published")])
    done = run(tmp_path, "sh", "-c", 'ulimit -n 5; exec "$@"', "-", *stage("download", "tiny"))
    assert re.fullmatch(r"error: \S+: too many open files; allow more open files: `ulimit -n 4096`", last_line(done))


def test_output_that_cannot_be_written_is_a_line(workspace):
    done = run(workspace, "sh", "-c", 'exec "$@" > /dev/full', "-", *stage("normalize"))
    assert last_line(done).startswith("error: a file in ")


@pytest.mark.parametrize(("name", "arguments"), [("download", ["tiny"]), ("normalize", [])])
def test_a_folder_that_is_read_only_is_named(workspace, name, arguments):
    if name == "download":
        shutil.rmtree(workspace / "data/raw")
    read_only = mounting(
        f"mount --bind '{workspace}/data' '{workspace}/data'", f"mount -o remount,bind,ro '{workspace}/data'"
    )
    line = last_line(run(workspace, *read_only, *stage(name, *arguments)))
    assert re.match(r"error: (\S+/)?data/\S+: read-only file system; make it writable", line)


@pytest.fixture(scope="module")
def finished_copy(finished, tmp_path_factory):
    """The files of a finished pipeline, apart from its repository and its store."""
    folder = tmp_path_factory.mktemp("copy") / "workspace"
    shutil.copytree(finished.folder, folder, ignore=shutil.ignore_patterns(".git", ".dvc", "mlflow.db*", "mlartifacts"))
    return folder


# By stage: its arguments, and what it writes.
STAGES = {
    "download": (["tiny"], ["data/raw"]),
    "normalize": ([], ["data/normalized"]),
    "train": (["dense-4"], ["models/dense-4"]),
    "evaluate": ([], ["reports/evaluation", "reports/metrics.json"]),
    "report": ([], ["reports/figures", "reports/index.html", "reports/summary.md"]),
}


@pytest.mark.slow
@pytest.mark.trials(few=1, many=6)
@pytest.mark.parametrize("name", STAGES)
def test_a_disk_that_is_full_ends_each_stage_with_one_line_and_space_mends_it(
    finished_copy, tmp_path, name, repetition
):
    arguments, written = STAGES[name]
    workspace, small = tmp_path / "workspace", tmp_path / "small"
    shutil.copytree(finished_copy, workspace)
    right = files(workspace)
    subprocess.run(["rm", "-r", *written], cwd=workspace, check=True)  # as DVC does before it runs a stage
    small.mkdir()
    free = [0, 4, 8, 12, 16, 20][repetition]  # kB
    full = mounting(
        f"mount -t tmpfs tmpfs '{small}'",
        f"cp -r '{workspace}/.' '{small}'",
        f"mount -o remount,size=$(( $(du -sk '{small}' | cut -f1) + {free} ))k '{small}'",
        f"cd '{small}'",
    )
    line = last_line(run(workspace, *full, *stage(name, *arguments)))
    assert re.match(r"error: .*: no space left on device; make space there", line)
    assert run(workspace, *stage(name, *arguments)).returncode == 0
    assert {name: content for name, content in files(workspace).items() if name in right} == right


def injecting(calls, number, when):
    return ("strace", "-f", "-qq", "-o", "/dev/null", "-e", f"inject={calls}:error={number}:when={when}")


@pytest.mark.slow
@pytest.mark.trials(few=0, many=14)
@pytest.mark.parametrize("name", STAGES)
def test_whichever_call_of_a_stage_fails_a_plain_run_mends_it(finished_copy, tmp_path, name, repetition):
    if shutil.which("strace") is None or run(tmp_path, *injecting("write", "EIO", 9999), "true").returncode:
        pytest.skip("no strace here that may trace")
    arguments, written = STAGES[name]
    workspace = tmp_path / "workspace"
    shutil.copytree(finished_copy, workspace)
    right = files(workspace)
    subprocess.run(["rm", "-r", *written], cwd=workspace, check=True)
    calls = ("rename,renameat,renameat2", "mkdir,mkdirat", "fsync,ftruncate", "write")[repetition % 4]
    generator = np.random.default_rng(repetition)
    number = ("ENOSPC", "EIO", "EACCES")[generator.integers(3)]
    when = int(generator.integers(1, 25 if calls == "write" else 8))
    done = run(workspace, *injecting(calls, number, when), *stage(name, *arguments), PYTHONDONTWRITEBYTECODE="1")
    if done.returncode:
        # The same call fails in the process that logs to MLflow, whose libraries may say more of it before.
        assert re.match(r"error: .*; ", done.stderr.splitlines()[-1]), (calls, number, when)
    else:
        assert {name: content for name, content in files(workspace).items() if name in right} == right
    assert run(workspace, *stage(name, *arguments)).returncode == 0
    assert {name: content for name, content in files(workspace).items() if name in right} == right
