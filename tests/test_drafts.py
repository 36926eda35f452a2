"""What is there as a whole or not at all, and what killed processes leave."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from hemline.processes import leftovers
from hemline.processes.drafts import draft

REPOSITORY = Path(__file__).parent.parent
DRAFTS = Path(".hemline/drafts")


@pytest.fixture(autouse=True)
def _folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def contents(folder):
    return {path.relative_to(folder).as_posix(): path.read_text() for path in folder.rglob("*") if path.is_file()}


def write(text):
    with draft() as new:
        (new.folder / "tables").mkdir()
        (new.folder / "tables" / text).write_text(text)
        (new.folder / "page").write_text(text)
        new.put("tables", Path("out/tables"))
        new.put("page", Path("out/page"))


def test_folders_and_files_take_the_places_of_the_former_ones():
    write("first")
    write("second")
    assert contents(Path("out")) == {"tables/second": "second", "page": "second"}
    assert list(DRAFTS.iterdir()) == []


def test_a_failure_leaves_what_was_there():
    write("first")
    with pytest.raises(OSError, match="full"), draft() as new:  # noqa: PT012 - the error comes inside
        (new.folder / "page").write_text("second")
        raise OSError("full")
    assert contents(Path("out")) == {"tables/first": "first", "page": "first"}
    assert list(DRAFTS.iterdir()) == []


def run(code):
    """Run code in another process, and return its exit status."""
    environment = os.environ | {"PYTHONPATH": str(REPOSITORY)}
    return subprocess.run([sys.executable, "-c", code], env=environment, check=False, timeout=60).returncode


def test_the_draft_of_a_killed_process_is_removed_by_the_next_and_that_of_a_live_one_is_not():
    code = "from hemline.processes.drafts import draft\nimport os\nwith draft(): os.kill(os.getpid(), 9)"
    with draft() as mine:
        assert run(code) == -9
        assert len([path for path in DRAFTS.iterdir() if path.is_dir()]) == 2
        with draft():
            assert mine.folder.is_dir()
            assert len([path for path in DRAFTS.iterdir() if path.is_dir()]) == 2
    assert list(DRAFTS.iterdir()) == []


def test_temporary_files_of_a_process_and_its_libraries_are_in_one_folder_that_ends_with_it(tmp_path, monkeypatch):
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    code = f"""
import os, pathlib, subprocess, tempfile
from hemline.processes.leftovers import keep_temporary_files_apart
keep_temporary_files_apart()
made = [tempfile.mkdtemp(), subprocess.run(["mktemp"], capture_output=True, text=True).stdout.strip()]
(folder,) = (path for path in pathlib.Path({str(tmp_path)!r}).iterdir() if path.is_dir())
assert {{pathlib.Path(path).parent for path in made}} == {{folder}}, made
"""
    assert run(code) == 0
    assert list(tmp_path.iterdir()) == []
    assert run(f"{code}\nos.kill(os.getpid(), 9)") == -9
    assert list(tmp_path.iterdir()) != []
    assert run(code) == 0
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_cannot_be_removed_now_keeps_the_lock_that_tells_a_later_process(monkeypatch, tmp_path):
    folder = leftovers.own_folder("mine-", tmp_path)
    monkeypatch.setattr(leftovers.shutil, "rmtree", lambda *_, **__: None)
    leftovers.remove(folder)
    assert sorted(path.name for path in tmp_path.iterdir()) == [folder.name, f"{folder.name}.lock"]
    monkeypatch.undo()
    leftovers.remove(folder)
    assert list(tmp_path.iterdir()) == []
