"""The output of the solve stage in ``models/_solved/``: predictions of the solution, unless a variant is one."""

import json
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from hemline.outputs import Outputs
from hemline.processes.drafts import draft

_PROBABILITIES = "test-probabilities.npy"


class Solved(Outputs):
    """The folder ``models/_solved``, a name that no variant has; without probabilities where none were needed."""

    PATH = Path("models/_solved")
    STAGE = "solve"

    def write(self, probabilities: NDArray[np.float32] | None) -> None:
        """Write the probabilities of the test images, float32 ([seeds,] images, classes), or nothing."""
        with draft() as new:
            folder = Solved(new.folder / self.path.name)
            folder.path.mkdir()
            # DVC warns of empty folders.
            (folder.path / "solved.json").write_text(json.dumps(probabilities is not None) + "\n")
            if probabilities is not None:
                folder.write_array(_PROBABILITIES, probabilities)
            new.put(folder.path.name, self.path)

    def probabilities(self) -> NDArray[np.float32]:
        """Return the probabilities of the test images, float32 (seeds, images, classes), or as of a single seed.

        Raises:
            InputError: they are missing, or damaged.
        """
        found = self.read_array(_PROBABILITIES)
        return found if found.ndim == 3 else found[None]  # noqa: PLR2004 - seeds, images, classes
