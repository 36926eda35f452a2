"""Checkpoints: the state from which an interrupted training resumes, with the same result as without interruption.

They lie in the main repository, untracked, so that trainings in DVC's temporary copies resume as well: a folder for
each set of all that determines a variant's results (``fingerprint``), with the models of finished seeds, and, for seeds
that train, the state after one of their last epochs. A stage that succeeds removes its folder. What others left is
removed by later trainings: all but the newest ``_ABANDONED``, and those not older than ``_DAYS``.

Every file is written beside its place and moved there, and is read whole, against a checksum: half of one is none.
"""

import hashlib
import json
import os
import platform
import shutil
import time
import uuid
from collections.abc import Callable, Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
from filelock import FileLock
from numpy.typing import NDArray
from pydantic import Field

from hemline.dependencies.running import changed_code, code_digest, code_of
from hemline.errors import first_line
from hemline.jobs.progress import show
from hemline.jobs.result import TrainingResult
from hemline.processes.leftovers import remove_if_dead
from hemline.repository import repository
from hemline.schema import StrictModel
from hemline.target import is_target
from hemline.training.resume import Row, TrainingState

# Seconds before the first checkpoint of a training and between two of them: the most that is lost.
SECONDS = 5.0
# ... and the share of a training's time that they may cost.
_SHARE = 0.01
_ABANDONED, _DAYS = 10, 14
LIBRARIES = ("keras", "numpy", "tensorflow")


class _About(StrictModel):
    """The metadata of a file of arrays, and values that no array can hold."""

    fingerprint: str
    history: list[Row]
    further: dict[str, Any] = Field(default_factory=dict)


def checkpoint_folder() -> Path:
    """Return the folder of all checkpoints: the main repository's."""
    return repository() / ".hemline" / "checkpoints"


def remove_checkpoints(key: str) -> None:
    """Remove the checkpoints of a training that has ended and has no stage to hold them, by its fingerprint."""
    shutil.rmtree(checkpoint_folder() / key[:16], ignore_errors=True)


def fingerprint(settings: Mapping[str, Any], digests: Mapping[str, str]) -> str:
    """Return a digest, 64 hexadecimal digits, of all that determines a variant's results but the seed.

    That is its ``settings``, as JSON takes them, the ``digests`` of all data that is trained on, watched or predicted,
    by name, and what ``computed_by`` returns.
    """
    everything = [settings, dict(digests), computed_by()]
    return hashlib.sha256(json.dumps(everything, sort_keys=True).encode()).hexdigest()


def computed_by() -> dict[str, str]:
    """Return the digest of the code, the versions of the libraries, and the machine where that is not the target."""
    machine = "" if is_target() else f"{platform.node()} {platform.machine()}"
    return {"code": code_digest(*code_of("train")), "machine": machine} | {
        library: version(library) for library in LIBRARIES
    }


class Checkpoints:
    """The checkpoints of one variant's trainings; a failed write costs a line, never a training."""

    def __init__(self, variant: str, key: str, parent: Path | None, key_of: Callable[[int], str] | None = None) -> None:
        """Open the folder of ``key``, from ``fingerprint``, which another process may have made.

        None are kept without a ``parent`` folder, nor where it is not there, as on another machine. ``key_of`` returns
        the key of a single seed, where seeds are trained on different images.
        """
        self._variant, self._parent = variant, parent or Path()
        self._key_of = key_of or (lambda _: key)
        self._folder = self._parent / key[:16]
        self._clocks: dict[int, float] = {}
        self._cost = 0.0  # seconds, of the latest
        self._open = parent is not None and parent.is_dir()

    @property
    def parent(self) -> Path | None:
        """The folder that they are in, where some may be kept."""
        return self._parent if self._open else None

    def finished(self, seed: int) -> TrainingResult | None:
        """Return the result of the finished training of ``seed``, or None."""
        found = self._read(f"seed-{seed}-finished.npz", seed)
        return TrainingResult.of(found[0].history, found[1], found[0].further) if found else None

    def state(self, seed: int) -> TrainingState | None:
        """Return the latest state of the training of ``seed`` that was kept, or None."""
        found = self._read(f"seed-{seed}.npz", seed)
        return TrainingState(found[0].history, [found[1][name] for name in sorted(found[1])]) if found else None

    def begin(self, seed: int) -> None:
        """Start the clock of ``seed``: a training that is shorter than ``SECONDS`` has no checkpoint."""
        self._clocks[seed] = time.monotonic()

    def due(self, seed: int) -> bool:
        """Return whether it is time for a checkpoint."""
        return self._open and time.monotonic() - self._clocks[seed] >= max(SECONDS, self._cost / _SHARE)

    def keep(self, seed: int, state: TrainingState) -> None:
        """Replace the checkpoint of ``seed``; on disk when this returns."""
        start = time.monotonic()
        named = {f"{place:06}": array for place, array in enumerate(state.arrays)}
        about = _About(fingerprint=self._key_of(seed), history=state.history)

        def write() -> None:
            self._folder.mkdir(exist_ok=True)
            _write(self._folder / f"seed-{seed}.npz", about, named, durable=True)

        self._try(write)
        self._clocks[seed] = time.monotonic()
        self._cost = self._clocks[seed] - start

    def finish(self, seed: int, result: TrainingResult) -> None:
        """Keep a finished training."""

        def write() -> None:
            about = _About(fingerprint=self._key_of(seed), history=result.history, further=result.about())
            # After a power failure, the checksum reveals an incomplete file: no need to wait for the disk.
            _write(self._folder / f"seed-{seed}-finished.npz", about, result.arrays(), durable=False)
            (self._folder / f"seed-{seed}.npz").unlink(missing_ok=True)

        self._try(write)

    def _read(self, name: str, seed: int) -> tuple[_About, dict[str, NDArray[Any]]] | None:
        path = self._folder / name
        if not self._open or not path.exists():
            return None
        try:
            about, arrays = _load(path)
        except Exception as error:  # noqa: BLE001 - an incomplete file raises many kinds; the training starts again
            self._ignore(path, f"is damaged ({first_line(error)})")
            return None
        if about.fingerprint != self._key_of(seed):
            self._ignore(path, "belongs to another training")
            return None
        return about, arrays

    def _ignore(self, path: Path, why: str) -> None:
        show(f"{self._variant}: {path}: {why}, and is ignored")

    def _try(self, write: Callable[[], None]) -> None:
        try:
            # With other code now, it might be code that was half loaded before the edit, half after it.
            if self._open and not changed_code():
                write()
        except OSError as error:
            self._fail(error)

    def _fail(self, error: OSError) -> None:
        self._open = False
        show(f"{self._variant}: no more checkpoints: {error}")


class StageCheckpoints(Checkpoints):
    """The same for the stage, which holds the folder while it trains, and removes what earlier ones abandoned."""

    def __init__(
        self, variant: str, key: str, parent: Path | None = None, key_of: Callable[[int], str] | None = None
    ) -> None:
        """Open the folder; ``parent`` is the main repository's by default."""
        super().__init__(variant, key, parent or checkpoint_folder(), key_of)
        self._lock = FileLock(_lock_of(self._folder), thread_local=False)
        self._open, self.training_id = False, uuid.uuid4().hex
        try:
            self._begin()
        except OSError as error:
            self._fail(error)

    def _begin(self) -> None:
        self._parent.mkdir(parents=True, exist_ok=True)
        try:
            self._lock.acquire(timeout=0)
        except TimeoutError:
            show(f"{self._variant}: another process trains the same; this one keeps no checkpoints")
            return
        _remove_abandoned(self._folder)
        self._folder.mkdir(exist_ok=True)
        name = self._folder / "training-id"
        if name.exists():
            self.training_id = name.read_text()
        else:
            _replace(name, lambda draft: draft.write_text(self.training_id))
        self._open = True

    def close(self, *, remove: bool) -> None:
        """Release the folder; ``remove`` it once everything is written."""
        if self._lock.is_locked:
            if remove:
                shutil.rmtree(self._folder, ignore_errors=True)
                _lock_of(self._folder).unlink(missing_ok=True)
            self._lock.release()


def _write(path: Path, about: _About, arrays: Mapping[str, NDArray[Any]], *, durable: bool) -> None:
    def write(draft: Path) -> None:
        with draft.open("wb") as file:
            np.savez(
                file, allow_pickle=False, about=np.frombuffer(about.model_dump_json().encode(), np.uint8), **arrays
            )
            if durable:  # or a power failure might leave neither this one nor the one before it
                file.flush()
                os.fsync(file.fileno())

    _replace(path, write)


def _load(path: Path) -> tuple[_About, dict[str, NDArray[Any]]]:
    with np.load(path, allow_pickle=False) as archive:  # zip archives have a checksum for each member
        arrays = {name: archive[name] for name in archive.files}
    return _About.model_validate_json(arrays.pop("about").tobytes()), arrays


def _replace(path: Path, write: Callable[[Path], Any]) -> None:
    """Let ``write`` make a temporary file, and move it to ``path``."""
    # Of its own: on a cluster, a training that was taken for dead may go on beside the one that is to replace it.
    draft = path.with_name(f".{path.name}.{uuid.uuid4().hex[:8]}.draft")
    write(draft)
    draft.replace(path)


def _remove_abandoned(own: Path) -> None:
    """Remove the folders beside ``own`` of dead trainings that are many, or old."""
    others = (path for path in own.parent.iterdir() if path.is_dir() and path != own)
    for place, folder in enumerate(sorted(others, key=_modified, reverse=True)):
        if place >= _ABANDONED or time.time() - _modified(folder) > _DAYS * 86_400:
            remove_if_dead(_lock_of(folder), folder)


def _lock_of(folder: Path) -> Path:
    return folder.with_name(f"{folder.name}.lock")


def _modified(folder: Path) -> float:
    try:
        return folder.stat().st_mtime
    except FileNotFoundError:
        return 0.0
