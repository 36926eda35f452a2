"""Record edits of comments and formatting in dvc.lock, so that `dvc repro` runs nothing because of them.

`make` does this first. Code is compared by its syntax trees, as dvc.lock recorded it and as it is; where dvc.lock is
incomplete, because DVC was killed while it wrote the file, it is restored from the last commit.

Reads:  dvc.lock, the code that it names, Git's history
Writes: dvc.lock
Run:    hemline record
        hemline record --dry-run
"""

from hemline.dependencies.lock_file import LOCK_FILE, code_is_as_recorded, committed_lock, entries, is_damaged, mend
from hemline.terminal.arguments import option
from hemline.words import listed


@option("--dry-run", action="store_true", help="only print what would be done")
def main(dry_run: bool) -> None:
    """Repair, compare and record, with a line for each action taken."""
    if LOCK_FILE.exists():
        _record(LOCK_FILE.read_bytes().decode(errors="replace"), dry_run=dry_run)


def _record(text: str, *, dry_run: bool) -> None:
    if is_damaged(text):
        print(f"{LOCK_FILE}: incomplete, as after a kill; restored from the last commit; DVC's cache has newer results")
        text = committed_lock() if dry_run else mend()
    if code_is_as_recorded(text):
        return
    from hemline.dependencies.edits import find_edits, record  # noqa: PLC0415 - rarely needed, and `make` waits

    recorded = entries(text)
    edits = find_edits(recorded, entries(committed_lock()))
    if stages := edits.rewritten if dry_run or not edits.rewritten else record(edits, recorded):
        then = "would be recorded" if dry_run else "recorded"
        print(f"The edited code of {_named(stages)} has the same meaning as before: {then} in {LOCK_FILE}")
    if edits.unknown:
        print(f"The code of {_named(edits.unknown)} counts as changed: its former text is not in Git's history")


def _named(stages: list[str]) -> str:
    """Return the stages, those of all variants as one."""
    return listed(list(dict.fromkeys(name.partition("@")[0] for name in stages)))
