"""The data set on a worker: read where it is, if the worker sees the driver's folder, or fetched once for its machine.

What is fetched came from the driver in blocks, which workers hold and hand to each other; it is kept in a folder that
holds no more than ``hemline.data-cache`` of Dask's configuration: what was used last longest ago goes first.
"""

import functools
import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from concurrent.futures import CancelledError
from pathlib import Path
from typing import TYPE_CHECKING, Any

import dask
from dask.utils import parse_bytes
from filelock import FileLock

from hemline.cluster.published import find, publish, unpublish
from hemline.jobs.job import LostError, TrainingSpec

if TYPE_CHECKING:
    from distributed import Client


class NotHereError(LostError):
    """A worker neither sees the data set nor was handed it: it joined after its driver had looked."""


_BLOCK = 32 * 2**20
_CACHE_BYTES = "20 GB"
# Seconds until a block that other workers do not hand over is given up.
_PATIENCE = 300


def sees(spec: TrainingSpec) -> bool:
    """Say whether this machine sees the driver's folder, or has fetched what is in it."""
    return _has_files(spec.data, spec) or _has_files(_cached(spec), spec)


def upload(client: "Client", spec: TrainingSpec) -> None:
    """Hand the data set to the workers, unless they hold it.

    Args:
        client: of the scheduler.
        spec: names the folder and its files.
    """
    if _held(client, spec) is not None:
        return
    held = {name: [client.scatter(block, hash=False) for block in _blocks(spec.data / name)] for name in spec.digests}
    publish(client, _key(spec), held)


def _held(client: "Client", spec: TrainingSpec) -> Any:
    """Return the blocks of each file, if workers still hold all of them: those of one that dies are lost."""
    held = find(client, _key(spec))
    if held is None:
        return None
    holders = client.who_has([block for blocks in held.values() for block in blocks])
    if all(holders.values()):
        return held
    unpublish(client, [_key(spec)])
    return None


def local_folder(spec: TrainingSpec, client: "Client", worker: str) -> Path:
    """Return the folder of the data set on this machine, which the worker's client fetches if need be.

    Raises:
        LostError: it is another one than the driver's, or cannot be had.
    """
    if not _has_files(spec.data, spec):
        return _fetched(spec, client, worker)
    if other := _other_file(spec.data, spec):
        raise LostError(f"worker {worker}: {other}: is not the file that the driver sees there")
    return spec.data


def _fetched(spec: TrainingSpec, client: "Client", worker: str) -> Path:
    folder = _cached(spec)
    try:
        folder.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with FileLock(folder.with_suffix(".lock")):
            if not _has_files(folder, spec) or _other_file(folder, spec):
                shutil.rmtree(folder, ignore_errors=True)
                _fetch(folder, spec, client, worker)
                _bound(folder)
        folder.touch()
    except OSError as error:
        if error.errno is None:  # Dask's own, of a connection
            raise
        remedy = "make space there, or name another folder by hemline.data-folder of its Dask settings"
        raise LostError(f"worker {worker}: {folder.parent}: {error.strerror or error}; {remedy}") from None
    return folder


def _fetch(folder: Path, spec: TrainingSpec, client: "Client", worker: str) -> None:
    held = _held(client, spec)
    if held is None:
        rule = f"does not see {spec.data}, nor was it handed it; run `dvc repro` again, which does that"
        raise NotHereError(f"worker {worker}: {rule}")
    draft = Path(tempfile.mkdtemp(dir=folder.parent))
    try:
        for name, digest in spec.digests.items():
            with (draft / name).open("wb") as file:
                for block in held[name]:
                    file.write(_handed_over(block, worker))
            if _digest_of(draft / name) != digest:
                raise LostError(f"worker {worker}: {name}: did not arrive as it is at the driver's")
        draft.replace(folder)
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def _handed_over(block: Any, worker: str) -> bytes:
    try:
        return bytes(block.result(timeout=_PATIENCE))
    except (TimeoutError, CancelledError):
        raise NotHereError(
            f"worker {worker}: who held a part of the data set has gone; run `dvc repro` again"
        ) from None


def _other_file(folder: Path, spec: TrainingSpec) -> Path | None:
    """Return a file that is another one than the driver's, if there is one."""
    for name, digest in spec.digests.items():
        state = (folder / name).stat()
        if _sha256(folder / name, state.st_size, state.st_mtime_ns, state.st_ino) != digest:
            return folder / name
    return None


def _bound(latest: Path) -> None:
    """Remove what was used longest ago, until the rest is small enough; who reads it now has it open."""
    limit = parse_bytes(dask.config.get("hemline.data-cache", _CACHE_BYTES))
    folders = [each for each in latest.parent.iterdir() if each.is_dir() and each != latest]
    sizes = {each: sum(file.stat().st_size for file in each.iterdir()) for each in [*folders, latest]}
    for folder in sorted(folders, key=lambda each: each.stat().st_mtime):
        if sum(sizes.values()) <= limit:
            break
        shutil.rmtree(folder, ignore_errors=True)
        del sizes[folder]


def _has_files(folder: Path, spec: TrainingSpec) -> bool:
    return all((folder / name).is_file() for name in spec.digests)


def _cached(spec: TrainingSpec) -> Path:
    parent = dask.config.get("hemline.data-folder", None) or Path(tempfile.gettempdir()) / f"hemline-data-{os.getuid()}"
    return Path(parent) / _key(spec)


def _key(spec: TrainingSpec) -> str:
    return f"data-{hashlib.sha256(json.dumps(spec.digests, sort_keys=True).encode()).hexdigest()[:32]}"


def _blocks(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while block := file.read(_BLOCK):
            yield block


@functools.lru_cache(64)
def _sha256(path: Path, *_state: int) -> str:
    return _digest_of(path)


def _digest_of(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
