import gzip
import os
import shutil
import signal
import stat
import subprocess
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from unittest.mock import Mock

import numpy as np
import psutil
import pytest
from datasets_for_tests import ARRAYS, publish
from filelock import FileLock
from pipelines_for_tests import PATIENCE

from hemline.data.description import load_dataset
from hemline.data.raw import read_raw
from hemline.download.packages import fetch_package
from hemline.download.sources import fetch, manual_folder
from hemline.download.transfer import Display, Watch
from hemline.errors import InputError

REPOSITORY = Path(__file__).parent.parent
NAMES = sorted(ARRAYS)


class Handler(BaseHTTPRequestHandler):
    """Serves ``server.contents``; ``server.answer`` may do it badly."""

    def do_GET(self):
        name = self.path.removeprefix("/data/")
        self.server.requests.append(name)
        content = self.server.contents.get(name)
        if content is None:
            self.send_error(self.server.absent)
            return
        self.send_response(200)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.server.answer(self.wfile, content)

    def log_message(self, *_):
        pass


class QuietServer(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_):
        pass  # clients that give up are the point of some tests


@pytest.fixture
def server():
    server = QuietServer(("127.0.0.1", 0), Handler)
    server.contents, server.requests, server.absent = {}, [], 404
    server.answer = lambda stream, content: stream.write(content)
    server.url = f"http://127.0.0.1:{server.server_port}/data/"
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


@pytest.fixture(autouse=True)
def _alone(monkeypatch):
    for name in ("DVC_ROOT", "http_proxy", "HTTP_PROXY"):
        monkeypatch.delenv(name, raising=False)


def contents(tmp_path, *, compressed=False):
    files = {name: (tmp_path / "published" / name).read_bytes() for name in NAMES}
    return {f"{name}.gz": gzip.compress(content) for name, content in files.items()} if compressed else files


def raw(tmp_path):
    return tmp_path / "data" / "raw"


def nothing_is_left(tmp_path):
    return sorted(path.name for path in (tmp_path / "data").iterdir()) == [".raw.lock", "tiny.yaml"]


def refused(dataset, tmp_path, **options):
    with pytest.raises(InputError) as error:
        fetch(dataset, raw(tmp_path), **options)
    assert nothing_is_left(tmp_path)
    return str(error.value)


@pytest.mark.parametrize("compressed", [False, True])
def test_a_web_server_with_the_right_files_is_enough(tmp_path, server, compressed):
    dataset, _ = publish(tmp_path, sources=[server.url, "/not/needed"])
    server.contents = contents(tmp_path, compressed=compressed)
    arrivals = fetch(dataset, raw(tmp_path))
    assert [(arrival.name, arrival.source) for arrival in arrivals] == [(name, server.url) for name in ARRAYS]
    assert sorted(path.name for path in raw(tmp_path).iterdir()) == NAMES
    np.testing.assert_array_equal(read_raw(dataset, raw(tmp_path)).test_images, ARRAYS["test-images"])


def test_a_bucket_that_forbids_what_it_does_not_have_is_asked_for_the_other_name(tmp_path, server):
    dataset, _ = publish(tmp_path, sources=[server.url])
    server.contents, server.absent = contents(tmp_path), 403
    fetch(dataset, raw(tmp_path))
    read_raw(dataset, raw(tmp_path))


def test_only_a_file_that_is_damaged_in_place_is_fetched_again(tmp_path, server):
    dataset, _ = publish(tmp_path, sources=[server.url])
    shutil.copytree(tmp_path / "published", raw(tmp_path))
    (raw(tmp_path) / "test-labels").write_bytes(b"damaged")
    server.contents = contents(tmp_path, compressed=True)
    fetch(dataset, raw(tmp_path))
    assert server.requests == ["test-labels.gz"]
    read_raw(dataset, raw(tmp_path))


def test_files_placed_by_hand_are_found_first_even_from_a_copy_of_the_repository(tmp_path, server, monkeypatch):
    dataset, _ = publish(tmp_path, sources=[server.url])
    (tmp_path / "copy").mkdir()
    monkeypatch.chdir(tmp_path / "copy")
    monkeypatch.setenv("DVC_ROOT", str(tmp_path))
    assert manual_folder(dataset) == tmp_path / "data" / "manual" / "tiny"
    shutil.copytree(tmp_path / "published", manual_folder(dataset))
    assert {arrival.source for arrival in fetch(dataset)} == {str(manual_folder(dataset))}
    assert server.requests == []


@pytest.mark.parametrize(
    ("alter", "message"),
    [
        (lambda content: content[:-1], "test-labels: is truncated"),
        (lambda content: content + b"x", "test-labels: goes on after"),
        (lambda content: content[:-3] + b"\2\1\0", "test-labels: sha256: must be"),
        (lambda content: gzip.compress(content) + b"x", "test-labels: its gzip data is damaged"),
        (lambda content: b"\x1f\x8b" + content, "test-labels: its gzip data is damaged"),
    ],
)
def test_a_wrong_file_is_refused_with_its_source_named_and_the_next_source_is_tried(
    tmp_path, server, capsys, alter, message
):
    good = str(tmp_path / "published")
    dataset, _ = publish(tmp_path, sources=[server.url, good])
    server.contents = {name: alter(content) for name, content in contents(tmp_path).items()}
    assert {arrival.source for arrival in fetch(dataset, raw(tmp_path))} == {good}
    assert f"not from {server.url}: {message}" in capsys.readouterr().out
    read_raw(dataset, raw(tmp_path))


@pytest.fixture
def clock(monkeypatch):
    """A clock of one's own for transfers."""
    clock = Mock()
    clock.monotonic.return_value = 1000.0
    monkeypatch.setattr("hemline.download.transfer.time", clock)
    return clock.monotonic


def test_a_client_that_has_shown_life_may_be_busy_for_longer(clock):
    watch = Watch(patience=5, busy=30)
    watch.check(10**6)
    clock.return_value += 29
    watch.check(10**6)
    clock.return_value += 2
    with pytest.raises(InputError, match="gave up after 30 s"):
        watch.check(10**6)


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("http://no-such-host.invalid/", "no-such-host.invalid"),
        ("/no/such/folder", "has neither test-labels.gz nor test-labels"),
    ],
)
def test_a_source_out_of_reach_is_a_reason_in_one_line(tmp_path, source, reason):
    dataset, _ = publish(tmp_path, sources=[source])
    line = refused(dataset, tmp_path).splitlines()[1]
    assert line.startswith(f"  {source}: ")
    assert reason in line


def test_when_every_source_fails_one_message_says_why_and_what_to_do(tmp_path):
    (tmp_path / "other").mkdir()
    dataset, _ = publish(tmp_path, sources=["/no/such/folder", str(tmp_path / "other")])
    lines = refused(dataset, tmp_path).splitlines()
    assert lines[0] == "tiny: no source has test-labels, train-labels, test-images, train-images"
    assert [line.split(": ")[0] for line in lines[1:3]] == ["  /no/such/folder", f"  {tmp_path / 'other'}"]
    assert f"put them (.gz or not) into {tmp_path / 'data' / 'manual' / 'tiny'}/" in lines[3]
    assert "checksums will be verified" in lines[3]


def test_a_kill_in_the_middle_leaves_no_partial_file_and_the_next_run_cleans_up(tmp_path, server):
    dataset, _ = publish(tmp_path, sources=[server.url])
    arrived = threading.Event()

    def stop(stream, content):
        stream.write(content[:-1])
        stream.flush()
        arrived.set()
        time.sleep(20)

    server.contents = contents(tmp_path)
    server.answer = lambda stream, content: (stream.write if len(content) < 20 else lambda c: stop(stream, c))(content)
    code = "from pathlib import Path; from hemline.data.description import load_dataset; "
    code += "from hemline.download.sources import fetch; fetch(load_dataset('tiny', Path('data')), Path('data/raw'))"
    environment = os.environ | {"PYTHONPATH": str(REPOSITORY)}
    process = subprocess.Popen([sys.executable, "-c", code], cwd=tmp_path, env=environment)
    assert arrived.wait(PATIENCE)
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert not raw(tmp_path).exists()
    assert (tmp_path / "data" / ".raw.partial").exists()
    server.answer = lambda stream, content: stream.write(content)
    fetch(dataset, raw(tmp_path))
    assert sorted(path.name for path in (tmp_path / "data").iterdir()) == [".raw.lock", "raw", "tiny.yaml"]
    read_raw(dataset, raw(tmp_path))


def test_a_second_download_waits_for_the_first_and_takes_what_it_brought(tmp_path, capsys):
    dataset, _ = publish(tmp_path, sources=["/no/such/folder"])
    second = threading.Thread(target=fetch, args=(dataset, raw(tmp_path)))
    with FileLock(tmp_path / "data" / ".raw.lock"):
        second.start()
        shown = ""
        while "waiting for another download" not in shown:  # what is printed may come in pieces
            assert second.is_alive(), shown
            time.sleep(0.01)
            shown += capsys.readouterr().out
        shutil.copytree(tmp_path / "published", raw(tmp_path))
    second.join()
    assert "already in place" in capsys.readouterr().out


def client(folder, name, script):
    folder.mkdir(exist_ok=True)
    (folder / name).write_text(f"#!/bin/sh\n{script}\n")
    (folder / name).chmod(stat.S_IRWXU)


@pytest.mark.parametrize(("source", "name"), [("apt:tiny", "apt-get"), ("npm:tiny", "npm")])
def test_a_client_that_hangs_is_ended_with_its_children_and_not_asked_again(tmp_path, monkeypatch, source, name):
    client(tmp_path / "bin", name, 'sleep 61 & echo $! >> "$CHILD"; wait')
    monkeypatch.setenv("CHILD", str(tmp_path / "child"))
    monkeypatch.setenv("PATH", str(tmp_path / "bin"), prepend=os.pathsep)
    dataset, _ = publish(tmp_path, sources=[source])
    assert f"{source}: no answer" in refused(dataset, tmp_path, patience=4.0)
    (child,) = (tmp_path / "child").read_text().split()
    for _ in range(300):  # a signal takes a moment; the child alone would live for 61 s
        try:
            state = psutil.Process(int(child)).status()
        except psutil.NoSuchProcess:
            return
        if state == psutil.STATUS_ZOMBIE:
            return
        time.sleep(0.1)
    pytest.fail(f"the child {child} outlived its client: {state}")


def test_a_package_may_hold_the_files_anywhere(tmp_path, monkeypatch):
    dataset, _ = publish(tmp_path, sources=["npm:tiny@1.0.0"])
    client(tmp_path / "bin", "npm", f"tar czf tiny-1.0.0.tgz -C {tmp_path} published")
    monkeypatch.setenv("PATH", str(tmp_path / "bin"), prepend=os.pathsep)
    fetch(dataset, raw(tmp_path))
    read_raw(dataset, raw(tmp_path))


def fetched_by_its_package(name, tmp_path):
    dataset = load_dataset(name, REPOSITORY / "data")
    package = next(source for source in dataset.sources if source.startswith(("apt:", "npm:")))
    clients = ["apt-get", "dpkg-deb"] if package.startswith("apt:") else ["npm"]
    missing = [name for name in clients if shutil.which(name) is None]
    if missing:
        pytest.skip(f"{', '.join(missing)} not installed")
    arrivals = fetch(dataset.model_copy(update={"sources": [package]}), tmp_path / "data" / "raw")
    assert {arrival.source for arrival in arrivals} == {package}
    assert read_raw(dataset, tmp_path / "data" / "raw").train_images.shape == (60_000, 28, 28)


@pytest.mark.end_to_end
@pytest.mark.parametrize("name", ["fashion-mnist", "mnist"])
def test_a_real_package_arrives(tmp_path, name):
    fetched_by_its_package(name, tmp_path)


@pytest.mark.end_to_end
def test_a_real_package_arrives_where_there_are_no_package_lists(tmp_path, monkeypatch):
    (tmp_path / "lists" / "partial").mkdir(parents=True)
    (tmp_path / "apt.conf").write_text(f'Dir::State::lists "{tmp_path}/lists/";\n')
    monkeypatch.setenv("APT_CONFIG", str(tmp_path / "apt.conf"))
    fetched_by_its_package("fashion-mnist", tmp_path)
    assert list((tmp_path / "lists").glob("*Packages*")) == []


@pytest.mark.end_to_end
def test_a_package_that_does_not_exist_is_a_reason(tmp_path):
    if shutil.which("apt-get") is None:
        pytest.skip("apt-get not installed")
    with pytest.raises(InputError, match=r"apt-get failed: E: "):
        fetch_package("apt:hemline-has-no-such-package", {"x": 1}, tmp_path, 10, Display())
