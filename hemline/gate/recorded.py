"""What git alone keeps of a revision: mean accuracies, and the digests of what DVC would fetch."""

from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from pydantic import BaseModel, ValidationError
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from hemline.data.normalized import Normalized
from hemline.errors import InputError
from hemline.jobs.trained import Trained

if TYPE_CHECKING:
    from dvc.api import DVCFileSystem

_RAW = Path("data/raw")


class _Settings(BaseModel):
    """What must be known of a params.yaml, whose other keys may be those of another time."""

    dataset: str
    seeds: list[int]


class Recorded(NamedTuple):
    """What a revision has on record.

    Attributes:
        accuracies: by variant, in [0, 1].
        trainings: of each variant.
        models: the digest of each variant's folder, None where DVC knows none.
        test: digests and texts that decide what the test images are: those of the normalized data, and those of the raw
            ones and their description.
    """

    accuracies: dict[str, float]
    trainings: int
    models: dict[str, str | None]
    test: tuple[str | None, tuple[str | None, str]]

    def same_test_set(self, other: "Recorded") -> bool:
        """Say whether two revisions are known to have the same test images."""
        (normalized, raw), (others_normalized, others_raw) = self.test, other.test
        return (normalized is not None and normalized == others_normalized) or (None not in raw and raw == others_raw)


def read_recorded(revision: str | None, files: "DVCFileSystem") -> Recorded:
    """Read what is on record.

    Args:
        revision: its name; None: the workspace.
        files: of that revision.

    Raises:
        InputError: it has no results, or no such params.yaml.
    """
    from dvc.api import metrics_show  # noqa: PLC0415 - takes a second
    from dvc.exceptions import DvcException  # noqa: PLC0415

    try:
        metrics = metrics_show(rev=revision)
        accuracies = {str(name): float(figures["accuracy"]) for name, figures in metrics.items()}
        params = YAML(typ="safe", pure=True).load(files.read_text("params.yaml"))
        settings = _Settings.model_validate(params)
        description = files.read_text(f"data/{settings.dataset}.yaml")
    except (KeyError, TypeError, ValueError, OSError, YAMLError, ValidationError, DvcException):
        accuracies = {}
    if not accuracies:
        raise InputError("has no results of Hemline on record; run `make` there, and commit what it changes")
    raw = _digest(files, _RAW), description
    return Recorded(
        accuracies,
        len(settings.seeds),
        {variant: _digest(files, Trained.PATH / variant) for variant in accuracies},
        (_digest(files, Normalized.PATH), raw),
    )


def _digest(files: "DVCFileSystem", path: Path) -> str | None:
    """Return the digest that dvc.lock has of a folder, whether its contents are at hand or not."""
    try:
        info = files.info(path.as_posix())
    except FileNotFoundError:
        return None
    digest = info.get("dvc_info", {}).get("md5")
    return digest if digest is None else str(digest)
