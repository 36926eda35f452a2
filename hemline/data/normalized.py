"""The output of the normalize stage in ``data/normalized/``: three labelled sets, and what is needed to read them.

With ``normalize.split: per_seed``, it has the training and validation images once, in the set "pool", and for each seed
the places in it of its own validation images, and of its training images where these are not all others.
"""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, Self, TypeVar, cast

import numpy as np
from numpy.typing import NDArray

from hemline.data.pixels import Pixels
from hemline.data.rows import Rows
from hemline.errors import writing
from hemline.outputs import Outputs
from hemline.processes.drafts import draft
from hemline.schema import StrictModel, Text

if TYPE_CHECKING:
    from fsspec import AbstractFileSystem

P = TypeVar("P", bound=str)


_ABOUT = "about.json"
# The set of all images that are not for the test, where each seed has a validation set of its own.
POOL = "pool"
# Of the images that are looked at together.
_PIECE_BYTES = 2**24


class Labelled(NamedTuple):
    """Images as they came, their labels, and what pixels are divided by where they are used."""

    images: NDArray[Any]  # (n, h, w) or (n, h, w, channels), of any type
    labels: NDArray[np.integer]  # (n,), integers from 0
    scale: float = 1.0  # the divisor


class SetFiles(NamedTuple):
    """The names of the two files of a set."""

    images: str
    labels: str


class About(StrictModel):
    """``about.json``: what the arrays themselves do not say."""

    classes: list[Text]  # the classes' names; label 0 is the first
    scale: float  # what pixels are divided by where they are used
    pixels: Pixels = Pixels()


class Normalized(Outputs):
    """The folder ``data/normalized``, or the same at another revision."""

    PATH = Path("data/normalized")
    STAGE = "normalize"

    def __init__(
        self, path: Path | None = None, files: "AbstractFileSystem | None" = None, *, seed: int | None = None
    ) -> None:
        """Name the folder; ``seed``: whose sets are read, where each seed has its own (see ``of_seed``)."""
        super().__init__(path, files)
        self.seed = seed

    def of_seed(self, seed: int) -> Self:
        """Return the sets of the trainings with this seed: these, unless each seed has a split of its own."""
        return type(self)(self.path, self._files, seed=seed) if self.per_seed else self

    @property
    def per_seed(self) -> bool:
        """Whether each seed has a validation set of its own."""
        return self.has(self.files_of(POOL).labels)

    @property
    def sets(self) -> tuple[str, ...]:
        """The names of the sets that have files."""
        return (POOL, "test") if self.per_seed else ("train", "validation", "test")

    def write(
        self,
        chosen: Mapping[str, tuple[P, NDArray[np.intp]]],
        labels: Mapping[P, NDArray[np.integer]],
        batches: Callable[[P], Iterator[NDArray[Any]]],
        image_shape: Sequence[int],
        about: About,
        *,
        splits: Mapping[str, Mapping[int, NDArray[np.intp]]] | None = None,
    ) -> None:
        """Write the sets as arrays that can be memory-mapped, and what is about them.

        Args:
            chosen: of each set, the part of the data set that it lies in, and its places there, ascending.
            labels: (n,) of each part.
            batches: yields images of a part (n, *image_shape), of the type of the pixels; no more are held at once.
            image_shape: of one image.
            about: what the arrays do not say.
            splits: by set, "validation" or "train", and by seed, the places in the set "pool" of its images, ascending;
                None: all seeds have the sets "train" and "validation".
        """
        with draft() as new:
            whole = Normalized(new.folder / "normalized")
            whole.path.mkdir()
            form = tuple(image_shape), np.dtype(about.pixels.type)
            for part in dict.fromkeys(part for part, _ in chosen.values()):
                sets = {name: indices for name, (own, indices) in chosen.items() if own == part}
                _write_part(whole, sets, labels[part], batches(part), form)
            for name, own in (splits or {}).items():
                for seed, places in own.items():
                    whole.write_array(split_file(seed, name), places.astype(np.uint32))
            # What is as usual is not written: data sets that were normalized before it could be told stay as they are.
            told = about.model_dump_json(indent=2, exclude_defaults=True)
            with writing(whole.path / _ABOUT):
                (whole.path / _ABOUT).write_text(told + "\n")
            new.put(whole.path.name, self.path)

    def about(self) -> About:
        """Return the classes and the scale; an ``InputError`` if they are missing, or damaged."""
        return self.read_json(_ABOUT, About)

    def images(self, name: str) -> NDArray[Any]:
        """Return the images of a set as they came; an ``InputError`` if they are missing, or damaged.

        Those of a seed's own training and validation set are ``Rows``, which are read from the pool when they are used.
        """
        places = self.places(name)
        if places is None:
            return self.read_array(self.files_of(name).images)
        return cast("NDArray[Any]", Rows(self.read_array(self.files_of(POOL).images), places))

    def labels(self, name: str) -> NDArray[np.integer]:
        """Return the labels of a set; an ``InputError`` if they are missing, or damaged."""
        places = self.places(name)
        return self.read_array(self.files_of(name).labels) if places is None else self._pool_labels()[places]

    def places(self, name: str) -> NDArray[np.integer] | None:
        """Return the places in the pool of a seed's own training or validation images; None for other sets."""
        if self.seed is None or name == "test":
            return None
        images = len(self._pool_labels())
        if name == "train" and not self.has(split_file(self.seed, name)):
            return np.setdiff1d(np.arange(images, dtype=np.uint32), self._kept("validation", images))
        return self._kept(name, images)

    def _kept(self, name: str, images: int) -> NDArray[np.integer]:
        file = split_file(self.seed or 0, name)
        kept = self.read_array(file)
        if kept.dtype != np.uint32 or kept.ndim != 1 or (len(kept) and kept.max() >= images):
            raise self.wrong(file, f"must be places of {images} images, got {kept.dtype} {kept.shape}")
        return kept

    def _pool_labels(self) -> NDArray[np.integer]:
        return self.read_array(self.files_of(POOL).labels)

    def constant_images(self, name: str) -> int:
        """Return how many images of a set have one value in all pixels."""
        images = self.images(name)
        flat = images.reshape(len(images), math.prod(images.shape[1:]))
        # A piece at a time: the arrays that are compared are not in memory.
        size = max(1, _PIECE_BYTES // (flat.itemsize * flat.shape[1]))
        pieces = (flat[start : start + size] for start in range(0, len(flat), size))
        return sum(int((piece == piece[:, :1]).all(axis=1).sum()) for piece in pieces)

    def digests(self, *, test_labels: bool) -> dict[str, str]:
        """Return SHA-256 of those files that trainings read, by name; read once, at 1.5 GB a second."""
        names = {file for name in self.sets for file in self.files_of(name)}
        if not test_labels:
            names.remove(self.files_of("test").labels)
        if self.per_seed:
            names |= {path.name for name in ("validation", "train") for path in self.path.glob(split_file("*", name))}
        return {name: self.sha256(name) for name in sorted({_ABOUT, *names})}

    @staticmethod
    def files_of(name: str) -> "SetFiles":
        """Return the names of the files of a set."""
        return SetFiles(f"{name}-images.npy", f"{name}-labels.npy")

    def read(self, name: str) -> Labelled:
        """Open one of the sets, memory-mapped where it is on this machine's disk.

        Images and labels that do not belong together are an ``InputError``.
        """
        images, labels = self.images(name), self.labels(name)
        if images.ndim not in {3, 4} or len(images) != len(labels):
            raise self.wrong(
                f"{name}-images.npy",
                f"must be images (n, h, w) or (n, h, w, channels), one for each of {len(labels)} labels, "
                f"got {images.shape}",
            )
        return Labelled(images, labels, self.about().scale)


def split_file(seed: int | str, name: str = "validation") -> str:
    """Return the name of the file with the places in the pool of a seed's validation or training images."""
    return f"{name}-of-seed-{seed}.npy"


def _write_part(
    whole: Normalized,
    sets: Mapping[str, NDArray[np.intp]],
    labels: NDArray[np.integer],
    batches: Iterator[NDArray[Any]],
    form: tuple[tuple[int, ...], np.dtype[Any]],
) -> None:
    """Write the sets that lie in one part, whose images, of a shape and type, come in batches."""
    image_shape, dtype = form
    with ExitStack() as files:
        writers = {}
        for name, indices in sets.items():
            whole.write_array(f"{name}-labels.npy", labels[indices])
            shape = (len(indices), *image_shape)
            writers[name] = files.enter_context(whole.array_writer(f"{name}-images.npy", shape, dtype))
        start = 0
        for batch in batches:
            for name, indices in sets.items():
                first, last = np.searchsorted(indices, (start, start + len(batch)))
                writers[name](batch[indices[first:last] - start])
            start += len(batch)
