"""The finished trials of a search that has not ended: an interrupted run resumes with the others."""

from pathlib import Path

from hemline.jobs.progress import show
from hemline.tuning.tuned import Trial


class FinishedTrials:
    """A file for each trial and each of its rungs; one that cannot be written costs a line, never a trial."""

    def __init__(self, folder: Path, variant: str) -> None:
        self._folder, self._variant = folder, variant

    def get(self, number: int, rung: int) -> Trial | None:
        """Return a trial as it was when it had reached a rung; None if it has not, or only half a file is left."""
        try:
            return Trial.model_validate_json(self._path(number, rung).read_bytes())
        except (FileNotFoundError, ValueError):
            return None

    def keep(self, trial: Trial, rung: int) -> None:
        """Write a trial that has reached a rung."""
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            draft = self._folder / f".{trial.number}.draft"
            draft.write_text(trial.model_dump_json())
            draft.replace(self._path(trial.number, rung))
        except OSError as error:
            show(f"{self._variant}: trial {trial.number} is not kept: {error}")

    def remove(self) -> None:
        """Remove all files: the stage has written its output."""
        for path in self._folder.glob("*.json"):
            path.unlink()
        if self._folder.is_dir():
            self._folder.rmdir()

    def _path(self, number: int, rung: int) -> Path:
        return self._folder / f"{number}-{rung}.json"
