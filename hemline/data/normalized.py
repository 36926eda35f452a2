"""What the normalize stage hands on in ``data/normalized/``: three labelled sets, and what is needed to read them."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from hemline.errors import writing
from hemline.outputs import Outputs
from hemline.processes.drafts import draft
from hemline.schema import StrictModel, Text


class Labelled(NamedTuple):
    """Images (n, h, w) or (n, h, w, channels), float32, and their labels (n,), integers from 0."""

    images: NDArray[np.float32]
    labels: NDArray[np.integer]


class About(StrictModel):
    """``about.json``: what the arrays themselves do not say.

    Attributes:
        classes: the classes' names; label 0 is the first.
        scale: what the pixels were divided by.
    """

    classes: list[Text]
    scale: float


class Normalized(Outputs):
    """The folder ``data/normalized``, or the same at another revision."""

    PATH = Path("data/normalized")
    STAGE = "normalize"

    def write(self, sets: Mapping[str, Labelled], classes: Sequence[str], scale: float) -> None:
        """Write the sets "train", "validation" and "test", as arrays that can be memory-mapped."""
        with draft() as new:
            whole = Normalized(new.folder / "normalized")
            whole.path.mkdir()
            for name, labelled in sets.items():
                whole.write_array(f"{name}-images.npy", labelled.images)
                whole.write_array(f"{name}-labels.npy", labelled.labels)
            about = About(classes=list(classes), scale=scale)
            with writing(whole.path / "about.json"):
                (whole.path / "about.json").write_text(about.model_dump_json(indent=2) + "\n")
            new.put(whole.path.name, self.path)

    def about(self) -> About:
        """Return the classes and the scale.

        Raises:
            InputError: they are missing, or damaged.
        """
        return self.read_json("about.json", About)

    def images(self, name: str) -> NDArray[np.float32]:
        """Return the images of a set, without a look at their labels.

        Raises:
            InputError: they are missing, or damaged.
        """
        return self.read_array(f"{name}-images.npy")

    def labels(self, name: str) -> NDArray[np.integer]:
        """Return the labels of a set.

        Raises:
            InputError: they are missing, or damaged.
        """
        return self.read_array(f"{name}-labels.npy")

    def read(self, name: str) -> Labelled:
        """Open one of the sets, memory-mapped where it is on this machine's disk.

        Raises:
            InputError: it is missing or damaged, or its images and labels do not belong together.
        """
        images, labels = self.images(name), self.labels(name)
        if images.ndim not in {3, 4} or len(images) != len(labels):
            raise self.wrong(
                f"{name}-images.npy",
                f"must be images (n, h, w) or (n, h, w, channels), one for each of {len(labels)} labels, "
                f"got {images.shape}",
            )
        return Labelled(images, labels)
