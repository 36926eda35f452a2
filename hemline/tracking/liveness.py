"""The runs that are alive: each has a lock, which the system frees however its process ends.

``hemline.processes.lock`` holds a lock for a block of code, and waits for it; these are taken and freed by different
messages, and whether they are held is asked without waiting.
"""

import socket
import time
import uuid
from pathlib import Path

from filelock import BaseFileLock, FileLock
from mlflow import MlflowClient
from mlflow.entities import Run

from hemline.processes.leftovers import remove_if_dead
from hemline.repository import repository

# MLflow's UI hides tags that begin like these: they are for programs.
HOST_TAG = "mlflow.hemline.host"
LOCK_TAG = "mlflow.hemline.live_lock"
# Seconds that the helper process of a training that was killed has for its last words.
_PATIENCE, _POLL = 10.0, 0.1


def live_lock() -> FileLock:
    """Take the lock that shows that a run is alive, before the run exists: no other process can see it without."""
    _folder().mkdir(parents=True, exist_ok=True)
    # Another thread ends the run than starts it.
    lock = FileLock(_folder() / f"{uuid.uuid4().hex}.lock", thread_local=False)
    lock.acquire()
    return lock


def take_over(run: Run) -> FileLock:
    """Return the lock of a training that resumes ``run``, once the process that was killed is gone altogether.

    That one's helper process may still be marking the run as ended, for some seconds.
    """
    end = time.monotonic() + _PATIENCE
    path = Path(run.data.tags.get(LOCK_TAG, "/nowhere/lock"))
    while time.monotonic() < end and _here(path).exists():
        if lock := _lock_of_the_dead(path):
            end_lock(lock)
            break
        time.sleep(_POLL)
    return live_lock()


def remove_dead_locks() -> None:
    """Remove the locks that no live process holds; a run whose lock is missing counts as dead."""
    for path in _folder().glob("*.lock"):
        remove_if_dead(path)


def end_lock(lock: BaseFileLock) -> None:
    """Release ``lock``, of a run that has ended, and remove its file."""
    lock.release()
    Path(lock.lock_file).unlink(missing_ok=True)


def running_here() -> str:
    """Return the condition, for a search, of runs that were started on this machine and have not ended."""
    return f"attributes.status = 'RUNNING' and tags.`{HOST_TAG}` = '{socket.gethostname()}'"


def end_if_dead(client: MlflowClient, run: Run) -> None:
    """Mark ``run``, of this machine, as KILLED if its process is gone."""
    lock = _lock_of_the_dead(Path(run.data.tags.get(LOCK_TAG, "/nowhere/lock")))
    if lock is None:
        return
    # It may have ended since it was found.
    if client.get_run(run.info.run_id).info.status == "RUNNING":
        client.set_terminated(run.info.run_id, "KILLED")
    end_lock(lock)


def _lock_of_the_dead(path: Path) -> FileLock | None:
    """Take the lock at ``path``, or return None where a live process holds it, or nothing can be said about that."""
    path = _here(path)
    lock = FileLock(path)
    try:
        if not path.parent.is_dir():
            return None  # of a repository that this process cannot see
        lock.acquire(timeout=0)
    except OSError:  # held; or another user's
        return None
    return lock


def _here(path: Path) -> Path:
    """Return where the lock is: that of a repository that was moved went with it."""
    moved = _folder() / path.name
    return moved if moved.exists() else path


def _folder() -> Path:
    return repository() / ".hemline" / "live"
