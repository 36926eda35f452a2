"""Sources: where the files of a data set come from, and how they get to ``data/raw`` whole and verified or not at all.

A source is a location, ``<location>/<file>`` or ``<location>/<file>.gz`` (http, https, s3, a local folder), or a
package: ``apt:<name>``, ``npm:<name>``. They are tried in order until all files are there.
"""

import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from hemline.data.description import PACKAGE_PATTERNS, CollectedDataset, Dataset, IdxDataset
from hemline.download.location import copy_file
from hemline.download.packages import fetch_package
from hemline.download.transfer import Display
from hemline.download.wanted import Wanted, wanted
from hemline.errors import InputError
from hemline.processes.lock import locked
from hemline.repository import repository

# Seconds without an answer after which a source is given up.
PATIENCE = 10.0
IN_PLACE = "already in place"
_IN_THE_WAY = "a file is where a folder must be, or the other way round; move it away"


@dataclass(frozen=True)
class Arrival:
    """One file that is in place now: its name, the source it came from, its bytes, the seconds it took."""

    name: str
    source: str
    size: int
    seconds: float


def fetch(dataset: Dataset, folder: Path = Path("data/raw"), patience: float = PATIENCE) -> list[Arrival]:
    """Bring the files of ``dataset`` into ``folder``, decompressed and verified; prints what it does.

    A file that is there and right stays. The others are collected beside ``folder``, and moved when all are right. A
    source that does not answer for ``patience`` seconds is given up. Returns the files in the order of the description.
    Where no source has a file as the data set says, the ``InputError`` has a line for each source.
    """
    with _staging(folder) as staging, Display() as display:
        collection = _Collection(dataset, folder, staging, patience, display)
        collection.complete()
        collection.place()
    return [collection.arrivals[file.name] for file in wanted(dataset)]


def manual_folder(dataset: Dataset, folder: Path = Path("data/raw")) -> Path:
    """Return where files placed by hand are looked for: ``data/manual/<data set>``.

    Not ``data/raw``, which DVC empties before it runs the stage. And in the main repository, because the copies that
    ``dvc exp run --temp`` works in have no files that git does not know.
    """
    return repository() / folder.parent / "manual" / dataset.name


class _Collection:
    """The files on their way: those in place, those verified in the staging folder, and those still missing."""

    def __init__(self, dataset: Dataset, folder: Path, staging: Path, patience: float, display: Display) -> None:
        self.arrivals: dict[str, Arrival] = {}
        self._placed: dict[str, Path] = {}
        self._dataset = dataset
        self._folder = folder
        self._staging = staging
        self._patience = patience
        self._display = display
        # The smallest first: a source that has other data shows it before the large files are downloaded.
        self._missing = sorted(wanted(dataset), key=lambda file: file.size)

    def complete(self) -> None:
        """Try one source after the other until no file is missing."""
        for file in list(self._missing):
            if file.in_place(self._folder):
                self._arrived(file, IN_PLACE, 0.0)
        manual = manual_folder(self._dataset, self._folder)
        sources = ([str(manual)] if manual.is_dir() else []) + self._dataset.sources
        reasons = []
        for source in sources:
            if not self._missing:
                return
            try:
                # A folder for each source: one that was given up may still be writing.
                self._take_from(source, Path(tempfile.mkdtemp(dir=self._staging)))
            except InputError as error:
                reasons.append(f"{source}: {error}")
                self._display.line(f"not from {reasons[-1]}")
        if self._missing:
            raise InputError(self._advice(reasons, manual))

    def place(self) -> None:
        """Move the files into place, each in one step."""
        self._folder.mkdir(parents=True, exist_ok=True)
        for arrival in self.arrivals.values():
            if arrival.source != IN_PLACE:
                placed = self._placed[arrival.name]
                placed.replace(self._folder / placed.name)

    def _take_from(self, source: str, scratch: Path) -> None:
        location = _location(source)
        if source.partition(":")[0] in PACKAGE_PATTERNS:
            start = time.monotonic()
            self._display.start(source)
            sizes = {name: file.largest() for file in self._missing for name in file.names()}
            location = str(fetch_package(source, sizes, scratch, self._patience, self._display))
            self._display.line(f"{source}: its package is here ({time.monotonic() - start:.1f} s)")
        for file in list(self._missing):
            start = time.monotonic()
            self._display.start(f"{file.name} from {source}")
            self._placed[file.name] = self._fetch(file, location, scratch)
            self._arrived(file, source, time.monotonic() - start)

    def _fetch(self, file: Wanted, location: str, scratch: Path) -> Path:
        folder = Path(location) / file.name
        if "://" not in location and folder.is_dir():
            return file.accept_folder(folder, self._staging, lambda read: self._display.receive(read, file.size))
        return file.accept(self._download(file, location, scratch), self._staging)

    def _download(self, file: Wanted, location: str, scratch: Path) -> Path:
        target = scratch / f"{file.name}.part"
        for name in file.names():
            try:
                copy_file(f"{location}/{name}", target, file.largest(), self._patience, self._display)
            except FileNotFoundError:
                continue
            return target
        first, *others = file.names()
        raise InputError(f"has {f'neither {first} nor {others[0]}' if others else f'no {first}'} for us to read")

    def _arrived(self, file: Wanted, source: str, seconds: float) -> None:
        self._missing.remove(file)
        self.arrivals[file.name] = Arrival(file.name, source, file.size, seconds)
        self._display.line(f"{file.name}: {file.size:,} bytes, verified, {source} ({seconds:.1f} s)")

    def _advice(self, reasons: list[str], manual: Path) -> str:
        names = ", ".join(file.name for file in self._missing)
        packed = "(.gz or not) " if isinstance(self._dataset, IdxDataset) else ""
        remedy = (
            f"To place them by hand, put them {packed}into {manual}/ and run this again; "
            "their checksums will be verified."
        )
        if isinstance(self._dataset, CollectedDataset):
            remedy += f" Data that has changed is described again by `make describe` (data/{self._dataset.name}.yaml)."
        return "\n  ".join([f"{self._dataset.name}: no source has {names}", *reasons, remedy])


@contextmanager
def _staging(folder: Path) -> Iterator[Path]:
    """Give a temporary folder beside ``folder``, in the same file system; one process at a time."""
    staging = folder.with_name(f".{folder.name}.partial")
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        lock = folder.with_name(f".{folder.name}.lock")
        with locked(lock, f"waiting for another download, which holds {lock}"):
            shutil.rmtree(staging, ignore_errors=True)  # left behind by a process that was killed
            staging.mkdir(exist_ok=True)
            try:
                yield staging
            finally:
                shutil.rmtree(staging, ignore_errors=True)
    except (FileExistsError, NotADirectoryError, IsADirectoryError) as error:
        raise InputError(f"{error.filename2 or error.filename}: {_IN_THE_WAY}") from None


def _location(source: str) -> str:
    if "://" in source:
        return source.rstrip("/")
    return str((repository() / Path(source).expanduser()).resolve())
