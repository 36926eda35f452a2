"""Folders of processes that end, and of those that are killed."""

import subprocess
import sys
from pathlib import Path

import pytest

from hemline.processes.leftovers import own_folder, remove_if_dead, remove_own

REPOSITORY = Path(__file__).parent.parent


def started(parent):
    """Return a process with a folder of its own, in which a file is."""
    code = f"from pathlib import Path; from hemline.processes.leftovers import own_folder\n\
folder = own_folder('own-', Path({str(parent)!r})); (folder / 'file').touch(); print(folder, flush=True); input()"
    process = subprocess.Popen(
        [sys.executable, "-c", code], cwd=REPOSITORY, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    return process, Path(process.stdout.readline().strip())


@pytest.fixture
def other(tmp_path):
    process, folder = started(tmp_path)
    with process:
        yield process, folder
        process.kill()


def test_a_process_that_ends_removes_its_folder(other, tmp_path):
    process, folder = other
    assert (folder / "file").exists()
    process.communicate("end\n", timeout=60)
    assert list(tmp_path.iterdir()) == []


def test_what_a_killed_process_left_is_removed_by_the_next_and_a_live_one_s_folder_is_not(other, tmp_path):
    killed, left = started(tmp_path)
    killed.kill()
    killed.communicate(timeout=60)
    assert left.exists()
    own = own_folder("own-", tmp_path)
    assert not left.exists()
    assert {path.name for path in tmp_path.iterdir()} == {
        name for folder in (own, other[1]) for name in (folder.name, f"{folder.name}.lock")
    }
    remove_own()
    assert not own.exists()
    assert other[1].exists()


def test_the_lock_of_a_process_that_lives_keeps_all_of_its_folders(other, tmp_path):
    process, folder = other
    (tmp_path / "second").mkdir()
    lock = folder.with_suffix(".lock")
    remove_if_dead(lock, folder, tmp_path / "second")
    assert folder.exists()
    process.kill()
    process.wait(60)
    remove_if_dead(lock, folder, tmp_path / "second")
    assert list(tmp_path.iterdir()) == []
