"""A file of a data set, or a folder of pictures, to be fetched, and the check that it is the right one."""

import gzip
import hashlib
import zlib
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path

from hemline.data.description import CollectedDataset, DataFile, Dataset, IdxDataset, SourceFile
from hemline.data.raw import read_file
from hemline.download.archive import is_gzip
from hemline.errors import InputError, writing
from hemline.images.tree import is_archive, open_tree, pack

_CHUNK = 2**20


class Wanted(ABC):
    """One thing that a source has under a name: a file or a folder of ``size`` bytes, decompressed."""

    name: str
    size: int

    @abstractmethod
    def names(self) -> list[str]:
        """Return the names that it may have at a source, the likeliest first."""

    def largest(self) -> int:
        """Return the most bytes that the file can have on its way."""
        return self.size

    @abstractmethod
    def in_place(self, folder: Path) -> bool:
        """Say whether it is in ``folder`` already, and right."""

    @abstractmethod
    def accept(self, arrived: Path, staging: Path) -> Path:
        """Verify a file that may be moved, and return what goes into ``data/raw``, made in ``staging``.

        What is not as the description says is an ``InputError``.
        """

    def accept_folder(self, folder: Path, staging: Path, advance: Callable[[int], None]) -> Path:
        """Do the same with a folder, which stays where it is; ``advance`` is called with the bytes read so far."""
        del staging, advance
        raise InputError(f"{folder} is a folder, where a file must be")


class _IdxFile(Wanted):
    """One of four IDX files; its bytes are verified decompressed, because mirrors compress differently."""

    def __init__(self, dataset: IdxDataset, file: DataFile) -> None:
        self.name, self.size = file.name, dataset.size(file)
        self._dataset, self._file = dataset, file

    def names(self) -> list[str]:
        return [f"{self.name}.gz", self.name]

    def largest(self) -> int:
        # Compressed data is hardly ever larger than the data itself, and then only by this much.
        return self.size * 1001 // 1000 + 1024

    def in_place(self, folder: Path) -> bool:
        try:
            read_file(self._dataset, self._file, folder / self.name)
        except (InputError, OSError):
            return False
        return True

    def accept(self, arrived: Path, staging: Path) -> Path:
        unpacked = _decompress(arrived, staging / self.name, self.size)
        read_file(self._dataset, self._file, unpacked)
        return unpacked


class _CollectedFile(Wanted):
    """A file as it is; or a folder of pictures, or a tar file of one, which become one zip file."""

    def __init__(self, file: SourceFile, counts: Mapping[str, int], *, packed: bool = True) -> None:
        """Name the file, and how many images of each label there must be: a difference there is reported first.

        Where not ``packed``, a tar file stays one, as WebDataset's shards do; others become zip files of pictures.
        """
        self._packed = packed
        self.name, self.size = file.name, file.bytes
        self._file, self._counts = file, counts

    def names(self) -> list[str]:
        return [self.name]

    def in_place(self, folder: Path) -> bool:
        path = folder / self.name
        return path.is_file() and path.stat().st_size == self.size and _sha256(path) == self._file.sha256

    def accept(self, arrived: Path, staging: Path) -> Path:
        self._check(arrived.stat().st_size, _sha256(arrived))
        if self._packed and is_archive(arrived) and not _is_zip(arrived):
            packed = staging / f"{self.name}.zip"
            with writing(packed):
                pack(arrived, packed)
            arrived.unlink()
            return packed
        return arrived.replace(staging / self.name)

    def accept_folder(self, folder: Path, staging: Path, advance: Callable[[int], None]) -> Path:
        read = 0

        def count(size: int) -> None:
            nonlocal read
            read += size
            advance(read)

        packed = staging / f"{self.name}.zip"
        with writing(packed):
            digest = pack(folder, packed, count)
        if digest != self._file.sha256:
            self._compare_classes(folder)
        self._check(read, digest)
        return packed

    def _compare_classes(self, folder: Path) -> None:
        """Name the first class folder that has more or fewer pictures than it must have."""
        found = Counter(Path(name).parent.name for name in open_tree(folder).names())
        for label, expected in self._counts.items():
            # Where classes are no folders, or have folders of their own inside, this tells nothing.
            if label in found and found[label] != expected:
                raise InputError(f"pictures in {label}: must be {expected}, got {found[label]}")

    def _check(self, size: int, digest: str) -> None:
        if size != self.size:
            raise InputError(f"bytes: must be {self.size}, got {size}")
        if digest != self._file.sha256:
            raise InputError(f"sha256: must be {self._file.sha256}, got {digest}")


def wanted(dataset: Dataset) -> list[Wanted]:
    """Return what a data set consists of, in the order of its description."""
    match dataset:
        case IdxDataset():
            return [_IdxFile(dataset, file) for file in dataset.files.in_order()]
        case CollectedDataset():
            packed = dataset.format != "webdataset"
            return [_CollectedFile(file, _counts(dataset), packed=packed) for file in dataset.files]
    raise AssertionError(dataset)


def _counts(dataset: CollectedDataset) -> dict[str, int]:
    """Return how many images of each label there must be, in all parts together."""
    together = [sum(counts) for counts in zip(*dataset.class_counts.values(), strict=True)]
    return dict(zip(dataset.labels or dataset.classes, together, strict=True))


def _sha256(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _is_zip(path: Path) -> bool:
    with path.open("rb") as stream:
        return stream.read(4) == b"PK\x03\x04"


def _decompress(packed: Path, target: Path, size: int) -> Path:
    """Move or gunzip ``packed`` to ``target``; its content decides, because servers decompress at will."""
    if not is_gzip(packed):
        return packed.replace(target)
    try:
        with gzip.open(packed) as stream, writing(target), target.open("wb") as out:
            while chunk := stream.read(_CHUNK):
                out.write(chunk)
                if out.tell() > size:
                    raise InputError(f"{target.name}: decompresses to more than its {size} bytes")
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise InputError(f"{target.name}: its gzip data is damaged: {error}") from None
    return target
