"""Folders that live as long as their process: those of processes that were killed are removed by later ones."""

import atexit
import os
import shutil
import tempfile
import uuid
from pathlib import Path

from filelock import FileLock

_own: dict[Path, FileLock] = {}


def own_folder(prefix: str, parent: Path | None = None) -> Path:
    """Make a folder of this process only, which is removed when it ends, and by a later one if it is killed.

    What killed processes left under the same prefix is removed now. ``parent`` is the folder for temporary files if
    None.
    """
    parent = parent or _temporary_folder()
    for other in parent.glob(f"{prefix}*.lock"):
        remove_if_dead(other, other.with_suffix(""))
    folder = parent / f"{prefix}{uuid.uuid4().hex[:12]}"
    parent.mkdir(parents=True, exist_ok=True)
    # Before the folder exists: without a lock, it would be taken for that of a dead process.
    lock = FileLock(folder.with_suffix(".lock"), thread_local=False)
    lock.acquire()
    folder.mkdir(mode=0o700)
    _own[folder] = lock
    return folder


def keep_temporary_files_apart() -> None:
    """Let all temporary files of this process and its children be in one such folder: also those of libraries."""
    folder = own_folder("hemline-")
    tempfile.tempdir = os.environ["TMPDIR"] = str(folder)


def _temporary_folder() -> Path:
    """Return the folder for temporary files, as `tempfile` chooses it.

    That tries whether it can be written, by a file that a process which is killed meanwhile would leave forever.
    """
    if tempfile.tempdir is None:
        named = [os.environ[name] for name in ("TMPDIR", "TEMP", "TMP") if os.environ.get(name)]
        for folder in [*named, "/tmp"]:  # noqa: S108 - where `tempfile` looks, too
            if Path(folder).is_dir() and os.access(folder, os.W_OK | os.X_OK):
                return Path(folder)
    return Path(tempfile.gettempdir())


@atexit.register
def remove_own() -> None:
    """Remove the folders of this process."""
    for folder in list(_own):
        remove(folder)


def remove(folder: Path) -> None:
    """Remove a folder that ``own_folder`` made."""
    shutil.rmtree(folder, ignore_errors=True)
    # What a thread still writes there is left to a later process, as is its lock.
    if not folder.exists():
        lock = _own.pop(folder)
        Path(lock.lock_file).unlink(missing_ok=True)
        lock.release()


def remove_if_dead(lock: Path, *folders: Path) -> None:
    """Remove ``folders``, and the file ``lock`` that shows whether their process lives, unless it does."""
    held = FileLock(lock)
    try:
        held.acquire(timeout=0)
    except OSError:  # it lives; or it is another user's
        return
    for folder in folders:
        shutil.rmtree(folder, ignore_errors=True)
    lock.unlink(missing_ok=True)
    held.release()
