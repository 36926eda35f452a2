"""Files and folders that are there as a whole or not at all, whatever moment their process is killed at."""

import errno
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from hemline.errors import writing
from hemline.processes.leftovers import own_folder, remove

# In the repository, because only a move within a file system is one step.
_DRAFTS = Path(".hemline/drafts")


class Draft:
    """A folder of this process's own to write into; what is complete is then put in its place."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def put(self, name: str, final: Path) -> None:
        """Move the file or folder ``name`` of the draft to ``final``, in place of what is there."""
        final.parent.mkdir(parents=True, exist_ok=True)
        try:
            _exchange(self.folder, name, final)
        except OSError as error:
            if error.errno != errno.EXDEV:
                raise
            # Its folder is a link to, or where somebody mounted, another file system.
            beside = own_folder(".draft-", final.parent)
            shutil.move(self.folder / name, beside / name)
            _exchange(beside, name, final)
            remove(beside)


def _exchange(folder: Path, name: str, final: Path) -> None:
    if final.is_dir() and not final.is_symlink():
        # Deleted there, so that a half-deleted folder is never mistaken for a complete one.
        final.replace(folder / f"former-{name}")
    (folder / name).replace(final)


@contextmanager
def draft() -> Iterator[Draft]:
    """Yield an empty draft; what is left in it when the block ends is deleted, if need be by a later process."""
    folder = own_folder("draft-", _DRAFTS)
    try:
        with writing(folder):
            yield Draft(folder)
    finally:
        remove(folder)
