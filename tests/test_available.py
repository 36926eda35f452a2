"""How much memory there is: on the machine, within `ulimit`, within control groups of either version."""

import resource
import subprocess
import sys
from types import SimpleNamespace

import pytest

from hemline.training import available
from hemline.training.available import available_bytes

FREE = 8 * 10**9


@pytest.fixture
def groups(tmp_path, monkeypatch):
    """A machine with 8 GB free whose control groups are in a folder."""
    monkeypatch.setattr(available.psutil, "virtual_memory", lambda: SimpleNamespace(available=FREE))
    monkeypatch.setattr(available, "_GROUPS", tmp_path)
    monkeypatch.setattr(available, "_OWN_GROUPS", tmp_path / "own")
    (tmp_path / "own").write_text("")
    return tmp_path


def limit(folder, version, most, held):
    folder.mkdir(parents=True, exist_ok=True)
    limits, figure = {1: ("memory.limit_in_bytes", "total_rss"), 2: ("memory.max", "anon")}[version]
    (folder / limits).write_text(f"{most}\n")
    (folder / "memory.stat").write_text(f"file 7000000000\n{figure} {held}\n")


def test_without_limits_it_is_what_the_machine_has_free(groups):
    assert available_bytes() == FREE
    (groups / "own").unlink()
    assert available_bytes() == FREE


@pytest.mark.parametrize(("version", "line", "top"), [(2, "0::/jobs/mine", ""), (1, "4:memory:/jobs/mine", "memory")])
def test_the_narrowest_of_the_groups_that_a_process_is_in_limits_it(groups, version, line, top):
    (groups / "own").write_text(f"7:cpu:/other\n{line}\n")
    limit(groups / top / "jobs", version, 3 * 10**9, 10**9)
    assert available_bytes() == 2 * 10**9
    limit(groups / top / "jobs/mine", version, 10**9, 10**8)
    assert available_bytes() == 9 * 10**8
    limit(groups / top / "jobs/mine", version, 10**9, 2 * 10**9)
    assert available_bytes() == 0


def test_in_a_container_the_limit_stands_at_the_top(groups):
    (groups / "own").write_text("0::/seen/from/outside\n")
    limit(groups, 2, 10**9, 0)
    assert available_bytes() == 10**9


@pytest.mark.parametrize("content", ["max", "", "many"])
def test_a_group_without_a_limit_limits_nothing(groups, content):
    (groups / "own").write_text("0::/mine\n")
    limit(groups / "mine", 2, content, 0)
    assert available_bytes() == FREE


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere, what a process has is not told")
@pytest.mark.parametrize("name", ["RLIMIT_AS", "RLIMIT_DATA"])
def test_ulimit_limits_it(name):
    code = (
        "import resource; from hemline.training.available import available_bytes; "
        f"resource.setrlimit(resource.{name}, (900_000_000,) * 2); print(available_bytes())"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert 0 < int(done.stdout) < 900_000_000
    assert resource.getrlimit(getattr(resource, name))[0] == resource.RLIM_INFINITY
