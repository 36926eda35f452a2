"""The contents that a path had in Git's history: DVC records digests, Git has the contents."""

import subprocess
from collections.abc import Iterable, Iterator

from hemline.dependencies.contents import Contents

_COMMITS = 300  # that changed the path, of all branches and experiments; older ones are not looked at


def versions(path: str) -> Iterator[Contents]:
    """Yield what was at ``path``, a file or a folder, in the commits that changed it: the newest first, each once.

    Nothing, where there is no Git, or no commit; what a shallow clone lacks is left out.
    """
    commits = git("rev-list", f"--max-count={_COMMITS}", "--all", "HEAD", "--", path).decode().split()
    asked = "".join(f"{commit}:./{path}\n" for commit in commits)
    answers = git("cat-file", "--batch-check", standard_input=asked.encode()).decode().splitlines()
    known: dict[str, bytes] = {}
    for name, kind in dict.fromkeys(tuple(answer.split()[:2]) for answer in answers):
        if kind == "blob":
            files = {path: name}
        elif kind == "tree":
            listed = git("ls-tree", "-r", "-z", name).decode().split("\0")
            rows = [row.partition("\t") for row in listed if row]  # mode, type and name of the object; file
            files = {f"{path}/{file}": about.split()[2] for about, _, file in rows}
        else:
            continue
        known |= _contents(set(files.values()) - set(known))
        if set(files.values()) <= set(known):
            yield {file: known[blob] for file, blob in files.items()}


def git(*arguments: str, standard_input: bytes = b"") -> bytes:
    """Return what git says, or nothing where it fails."""
    try:
        return subprocess.run(["git", *arguments], input=standard_input, capture_output=True, check=True).stdout
    except (OSError, subprocess.CalledProcessError):
        return b""


def _contents(blobs: Iterable[str]) -> dict[str, bytes]:
    names = sorted(blobs)
    answer = git("cat-file", "--batch", standard_input="".join(f"{name}\n" for name in names).encode())
    found = {}
    while answer:
        header, _, answer = answer.partition(b"\n")
        name, *rest = header.decode().split()
        if rest[0] == "blob":
            found[name], answer = answer[: int(rest[1])], answer[int(rest[1]) + 1 :]
    return found
