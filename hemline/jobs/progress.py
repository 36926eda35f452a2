"""The lines that a training prints, one an epoch: how they are written, and how they are read back."""

import re
from collections.abc import Mapping, Sequence
from typing import NamedTuple, Self

_LINE = re.compile(r"^(?P<variant>[a-z0-9-]+)  seed (?P<seed>\d+)  epoch (?P<epoch>\d+)/(?P<epochs>\d+)  ")


class Progress(NamedTuple):
    """The progress of a training."""

    variant: str
    seed: int
    epoch: int
    epochs: int

    def line(self, figures: Mapping[str, float]) -> str:
        """Return the line with the metrics of the epoch: losses in nats, accuracies in per cent."""
        shown = "  ".join(_shown(key, value) for key, value in figures.items() if key != "epoch")
        return f"{self.variant}  seed {self.seed}  epoch {self.epoch}/{self.epochs}  {shown}"

    @classmethod
    def read(cls, line: str) -> Self | None:
        """Parse a line; None if it is of another form."""
        found = _LINE.match(line)
        return cls(found["variant"], *(int(found[key]) for key in ("seed", "epoch", "epochs"))) if found else None


def _shown(key: str, value: float) -> str:
    return f"{key} {100 * value:.2f} %" if key.endswith("accuracy") else f"{key} {value:.4f}"


def resumption(variant: str, finished: Sequence[int], epochs: Mapping[int, int]) -> str:
    """Return the line that says which seeds had finished, and after how many ``epochs`` the others resume, by seed."""
    parts = [f"seed {seed} is finished" for seed in finished]
    parts += [f"seed {seed} goes on after epoch {epoch}" for seed, epoch in epochs.items()]
    return f"{variant}: an earlier run was interrupted: {', '.join(parts)}"


def show(line: str) -> None:
    """Print a line as a whole, where other threads print as well."""
    print(f"{line}\n", end="", flush=True)
