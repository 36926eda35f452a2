"""Later changes of Hemline in a project: the difference of two revisions of its tree, as a commit that Git picks."""

from hemline.errors import InputError
from hemline.project.starter import ORIGIN, Origin, build_tree, git


def upgrade(source: str | None) -> str:
    """Take over the changes since the project's revision; return a sentence about them.

    Args:
        source: a clone or an address of Hemline; None: that of ``hemline.yaml``.

    Raises:
        InputError: files are not committed, the source cannot be read, or a change conflicts with one of the project's.
    """
    old = Origin.read()
    if git("status", "--porcelain", "--untracked-files=no"):
        raise InputError("git: must have no uncommitted changes before an upgrade; commit them, or `git stash`")
    git("fetch", "--quiet", source or old.source, "HEAD")
    new = Origin(source or old.source, git("rev-parse", "FETCH_HEAD").strip())
    if not git("rev-list", "--max-count=1", new.revision, f"^{old.revision}"):
        return f"Up to date with {new.source} ({new.revision[:9]})."
    message = f"Upgrade from Hemline {old.revision[:9]} to {new.revision[:9]}"
    base = git("commit-tree", build_tree(old), "-m", message).strip()
    change = git("commit-tree", build_tree(new), "-p", base, "-m", message).strip()
    try:
        git("cherry-pick", "--allow-empty", change)
    except InputError:
        files = git("diff", "--name-only", "--diff-filter=U").split()
        raise InputError(
            f"{', '.join(files) or ORIGIN}: changed here and in Hemline; resolve this and `git add` it, then "
            "`git cherry-pick --continue`, or give up: `git cherry-pick --abort`"
        ) from None
    return f"{message}; `make` runs the stages that changed."
