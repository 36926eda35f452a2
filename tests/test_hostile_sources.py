"""Sources that lie, break off, never end or hide a bomb: each is named and left, within bounds of memory and disk."""

import contextlib
import functools
import gzip
import io
import os
import re
import signal
import socket
import struct
import subprocess
import sys
import tarfile
import threading
import time
import zlib
from pathlib import Path

import numpy as np
import psutil
import pytest
from datasets_for_tests import publish
from ruamel.yaml import YAML

from hemline.data.raw import read_raw
from hemline.download.sources import fetch
from hemline.errors import InputError

REPOSITORY = Path(__file__).parent.parent
PATIENCE = 120  # seconds; no expectation, only an end to waiting
MEMORY = 300  # MB; a child needs 100 for itself, and any of the bombs is ten times as large
COUNT = 2_000_000  # of images of one pixel, so that a bomb is no longer than a file can be
LARGE = {
    "train-images": np.zeros((COUNT + 3, 1, 1), np.uint8),
    "train-labels": np.arange(COUNT + 3).astype(np.uint8) % 3,
    "test-images": np.zeros((COUNT, 1, 1), np.uint8),
    "test-labels": np.arange(COUNT).astype(np.uint8) % 3,
}
# The most that it ever held, of this program: `getrusage` would count what its parent held when it started it.
CHILD = """
import re
from pathlib import Path
from hemline.data.description import load_dataset
from hemline.download.sources import fetch
fetch(load_dataset("tiny", Path("data")), Path("data/raw"), patience=5.0)
print("MB", int(re.search(r"VmHWM:\\s+(\\d+) kB", Path("/proc/self/status").read_text())[1]) // 1024)
"""


def zeros(megabytes):
    """Return as many zeros, compressed: a thousandth of their length."""
    compressor = zlib.compressobj(9, zlib.DEFLATED, 31)
    return b"".join(compressor.compress(bytes(2**20)) for _ in range(megabytes)) + compressor.flush()


@functools.cache
def bomb():
    """Return what decompresses to more than fits; made where it is needed, for it takes seconds."""
    return zeros(256) * 6


IDX = struct.pack(">HBBIII", 0, 8, 3, 2**32 - 1, 28, 28)


def ok(body, *headers, length=None):
    lines = ["HTTP/1.1 200 OK", *headers, f"Content-Length: {len(body) if length is None else length}"]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def moved(location):
    return f"HTTP/1.1 302 Found\r\nLocation: {location}\r\nContent-Length: 0\r\n\r\n".encode()


# What a server sends, what it then sends again and again, and what must be said of it.
def lies():
    return {
        "cut": (ok(b"x" * 100, length=10_000), None, "ClientPayloadError: .*not completed"),
        "cut-chunks": (
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhel",
            None,
            "ClientPayloadError: .*not completed",
        ),
        "shorter-than-said": (ok(b"\0\0\x08\x01and more", length=2), None, ""),
        "no-length": (ok(b"x", length="two"), None, "Invalid character in Content-Length"),
        "endless-length": (ok(b"x", length=10**30), None, "Content-Length overflow"),
        "page": (ok(b"<html>sorry</html>"), None, "test-labels: is no IDX file: .* got b'<htm'"),
        "cut-gzip": (ok(gzip.compress(bytes(1000))[:-9]), None, "test-labels: its gzip data is damaged"),
        "bomb": (ok(bomb()), None, f"test-labels: decompresses to more than its {COUNT + 8} bytes"),
        "encoded-bomb": (ok(bomb(), "Content-Encoding: gzip"), None, "is longer than the"),
        "billions": (ok(IDX), None, "more than any data set has"),
        "billions-of-labels": (ok(struct.pack(">HBBI", 0, 8, 1, 2**32 - 1)), None, r"shape: must be \(2000000,\), got"),
        "silent": (b"", b"", "no answer: gave up after 5 s"),
        "trickling": (b"HTTP/1.1 200 OK\r\n\r\n", b"x", r"stalled after \d+ bytes: gave up after 5 s"),
        "trickling-headers": (b"HTTP/1.1 200 OK\r\n", b"x", "no answer: gave up after 5 s"),
        "endless": (b"HTTP/1.1 200 OK\r\n\r\n", bytes(2**20), "is longer than the"),
        "endless-header": (b"HTTP/1.1 200 OK\r\nX: ", b"x" * 2**20, "Got more than"),
        "endless-not-found": (b"HTTP/1.1 404 Not Found\r\n\r\n", bytes(2**20), "has neither"),
        "circle": (moved("/circle/test-labels.gz"), None, "redirects without an end"),
        "to-a-file": (moved("file:///etc/passwd"), None, "redirects to what is no web address: file:///etc/passwd"),
        "to-ftp": (moved("ftp://127.0.0.1/x"), None, "redirects to what is no web address: ftp://127.0.0.1/x"),
        "nonsense": (b"SSH-2.0-OpenSSH\r\n", None, "Bad status line"),
    }


@pytest.fixture
def server():
    """A server that answers ``/<key>/...`` by ``server.answers[key]``."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        answers = {}
        threading.Thread(target=accept, args=(listener, answers), daemon=True).start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}", answers


def accept(listener, answers):
    with contextlib.suppress(OSError):  # the end of the test
        while True:
            threading.Thread(target=serve, args=(listener.accept()[0], answers), daemon=True).start()


def serve(connection, answers):
    with connection, contextlib.suppress(OSError):  # clients that give up are the point
        request = connection.recv(65536).decode()
        content, again, _ = answers[request.split("/")[1]]
        connection.sendall(content)
        while again is not None:
            connection.sendall(again)
            if len(again) < 2:
                time.sleep(0.1)


def said_of(source, output):
    (line,) = re.findall(rf"^not from {re.escape(source)}: (.*)$", output, re.MULTILINE)
    return line


def run_child(tmp_path, *, path=None):
    environment = os.environ | {"PYTHONPATH": str(REPOSITORY)} | ({"PATH": path} if path else {})
    for name in ("DVC_ROOT", "http_proxy", "HTTP_PROXY"):
        environment.pop(name, None)
    done = subprocess.run(
        [sys.executable, "-c", CHILD],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        check=True,
        timeout=PATIENCE,
    )
    assert done.stderr == ""
    assert int(re.findall(r"^MB (\d+)$", done.stdout, re.MULTILINE)[0]) < MEMORY
    assert sorted(path.name for path in (tmp_path / "data").iterdir()) == [".raw.lock", "raw", "tiny.yaml"]
    return done.stdout


def test_each_server_that_lies_is_named_in_a_line_within_bounds_and_the_last_source_is_taken(tmp_path, server):
    url, answers = server
    answers |= lies()
    good = str(tmp_path / "published")
    dataset, _ = publish(tmp_path, arrays=LARGE, sources=[*(f"{url}/{key}" for key in answers), good])
    output = run_child(tmp_path)
    for key, (_, _, reason) in answers.items():
        assert re.search(reason, said_of(f"{url}/{key}", output)), key
    read_raw(dataset, tmp_path / "data" / "raw")


def folder(path):
    path.mkdir()


def device(path):
    path.symlink_to("/dev/zero")


def endless(path):
    with path.open("wb") as file:
        file.truncate(2**36)


@pytest.mark.parametrize(
    ("make", "reason"),
    [(folder, "is a folder"), (os.mkfifo, "has neither"), (device, "has neither"), (endless, "is longer than the")],
)
def test_what_is_no_file_in_a_folder_is_left_for_the_next_source(tmp_path, capsys, make, reason):
    odd = tmp_path / "odd"
    odd.mkdir()
    make(odd / "test-labels.gz")
    dataset, _ = publish(tmp_path, sources=[str(odd), str(tmp_path / "published")])
    fetch(dataset, tmp_path / "data" / "raw")
    assert reason in said_of(str(odd), capsys.readouterr().out)
    read_raw(dataset, tmp_path / "data" / "raw")


def test_a_huge_file_in_place_is_replaced_without_being_read(tmp_path):
    dataset, _ = publish(tmp_path, arrays=LARGE, sources=[str(tmp_path / "published")])
    (tmp_path / "data" / "raw").mkdir()
    with (tmp_path / "data" / "raw" / "test-labels").open("wb") as file:
        file.write(struct.pack(">HBBI", 0, 8, 1, 2**31))
        file.truncate(8 + 2**31)
    run_child(tmp_path)
    read_raw(dataset, tmp_path / "data" / "raw")


def header(name, size, kind=tarfile.REGTYPE):
    info = tarfile.TarInfo(name)
    info.size, info.type = size, kind
    return info.tobuf(tarfile.GNU_FORMAT)


def traversal():
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w:gz") as tar:
        for name in ("../../../escaped/test-labels", "/escaped/test-labels"):
            info = tarfile.TarInfo(name)
            info.size = 3
            tar.addfile(info, io.BytesIO(b"abc"))
        for kind, name in ((tarfile.SYMTYPE, "train-labels"), (tarfile.LNKTYPE, "test-images")):
            info = tarfile.TarInfo(name)
            info.type, info.linkname = kind, "/etc/passwd"
            tar.addfile(info)
    return stream.getvalue()


def packages():
    return {
        "traversal": (traversal(), "test-labels: is truncated: an IDX file starts with 4 bytes, got 3"),
        "large-member": (
            gzip.compress(header("a/test-labels", 2**31)) + bomb(),
            "test-labels in its package is longer than",
        ),
        "large-description": (
            gzip.compress(header("x", 2**30, tarfile.XHDTYPE)) + bomb(),
            "its package has a description of 1073741824 bytes",
        ),
        "large-archive": (
            gzip.compress(header("x", 2**31 + 2**29)) + bomb(),
            r"its package has more than the \d+ bytes that it can have",
        ),
        "many-members": (gzip.compress(header("x", 0) * 10_001, 1), "its package has more than 10000 files"),
        "cut": (gzip.compress(header("x", 2000) + os.urandom(2000))[:1000], "its package is damaged"),
        "page": (b"<html>sorry</html>", "its package is damaged"),
    }


def client(tmp_path, name, script):
    (tmp_path / "bin").mkdir(exist_ok=True)
    (tmp_path / "bin" / name).write_text(f"#!/bin/sh\n{script}\n")
    (tmp_path / "bin" / name).chmod(0o755)
    return f"{tmp_path / 'bin'}{os.pathsep}{os.environ['PATH']}"


def test_each_package_that_hides_something_is_named_in_a_line_within_bounds(tmp_path):
    (tmp_path / "packages").mkdir()
    hiding = packages()
    for name, (content, _) in hiding.items():
        (tmp_path / "packages" / name).write_bytes(content)
    path = client(tmp_path, "npm", f'cp "{tmp_path}/packages/$2" "$2.tgz"')
    sources = [*(f"npm:{name}" for name in hiding), str(tmp_path / "published")]
    dataset, _ = publish(tmp_path, sources=sources)
    output = run_child(tmp_path, path=path)
    for name, (_, reason) in hiding.items():
        assert re.match(reason, said_of(f"npm:{name}", output)), name
    read_raw(dataset, tmp_path / "data" / "raw")
    assert not (tmp_path.parent / "escaped").exists()
    assert not Path("/escaped").exists()


@pytest.mark.parametrize(
    "script", ["ln -s /dev/zero tiny.tgz", "mkdir tiny.tgz", "ln -s /etc/passwd tiny.tgz", "touch a.tgz b.tgz"]
)
def test_what_a_client_leaves_must_be_one_file(tmp_path, monkeypatch, script):
    monkeypatch.setenv("PATH", client(tmp_path, "npm", script))
    dataset, _ = publish(tmp_path, sources=["npm:tiny"])
    with pytest.raises(InputError, match=r"npm:tiny: its client left \d files \*.tgz, not one"):
        fetch(dataset, tmp_path / "data" / "raw")


def test_a_client_that_writes_without_end_is_ended(tmp_path, monkeypatch):
    monkeypatch.setattr("hemline.download.packages.OVERHEAD", 2**20)
    monkeypatch.setenv("PATH", client(tmp_path, "npm", "exec head -c 100M /dev/zero > tiny.tgz; exec sleep 61"))
    dataset, _ = publish(tmp_path, sources=["npm:tiny"])
    with pytest.raises(InputError, match=r"npm:tiny: its client wrote more than \d+ bytes"):
        fetch(dataset, tmp_path / "data" / "raw")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGKILL], ids=lambda number: number.name)
def test_a_download_that_is_ended_leaves_no_client_and_no_temporary_file_and_the_next_completes(tmp_path, number):
    marker = tmp_path / "child"
    path = client(tmp_path, "npm", f"echo $$ > {marker}; while :; do echo more >> tiny.tgz; sleep 0.05; done")
    publish(tmp_path, sources=["npm:tiny"])
    (tmp_path / "temporary").mkdir()
    environment = os.environ | {"PYTHONPATH": str(REPOSITORY), "PATH": path, "TMPDIR": str(tmp_path / "temporary")}
    environment.pop("DVC_ROOT", None)
    command = [sys.executable, "-m", "stages.download", "tiny"]
    process = subprocess.Popen(command, cwd=tmp_path, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    try:
        end = time.monotonic() + PATIENCE
        while not (marker.exists() and marker.read_text().strip()):
            assert time.monotonic() < end
            time.sleep(0.05)
        child = psutil.Process(int(marker.read_text()))
        process.send_signal(number)
        output, _ = process.communicate(timeout=PATIENCE)
        assert process.returncode != 0
        assert b"Traceback" not in output
        psutil.wait_procs([child], timeout=PATIENCE)
        assert not child.is_running()
    finally:
        process.kill()
    if number != signal.SIGKILL:
        assert sorted(path.name for path in (tmp_path / "data").iterdir()) == [".raw.lock", "tiny.yaml"]
    client(tmp_path, "npm", f"tar czf x.tgz -C {tmp_path} published")
    subprocess.run(command, cwd=tmp_path, env=environment, check=True, capture_output=True, timeout=PATIENCE)
    assert sorted(path.name for path in (tmp_path / "data").iterdir()) == [".raw.lock", "raw", "tiny.yaml"]
    assert list((tmp_path / "temporary").iterdir()) == []


@pytest.mark.end_to_end
def test_data_that_dvc_removed_before_a_download_that_failed_come_back_without_their_sources(pipeline):
    raw = pipeline.folder / "data" / "raw"
    before = {path.name: path.read_bytes() for path in raw.iterdir()}
    description = pipeline.folder / "data" / "tiny.yaml"
    valid = description.read_text()
    YAML().dump(YAML(typ="safe").load(valid) | {"sources": ["/no/such/folder"]}, description)
    failed = pipeline.run("dvc", "repro", "download", check=False)
    assert failed.returncode != 0
    assert "error: tiny: no source has" in failed.stderr
    assert not raw.exists()
    description.write_text(valid)
    assert "Running stage" not in pipeline.run("dvc", "repro", "download").stdout
    assert {path.name: path.read_bytes() for path in raw.iterdir()} == before
