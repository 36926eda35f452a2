"""The memory that this process may still use, within its limits."""

import resource
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import psutil

# Where Linux shows control groups: of version 2; of version 1; and what is mounted into containers in their place.
_GROUPS = Path("/sys/fs/cgroup")
_OWN_GROUPS = Path("/proc/self/cgroup")


def available_bytes() -> int:
    """Return what is free on this machine, within what `ulimit` and control groups, as of containers, leave.

    Of what a group holds, only what its processes hold for themselves counts: the pages of files make room.
    """
    free: int = psutil.virtual_memory().available
    return max(0, min([free, *_left_by_ulimit(), *_left_by_groups()]))


def _left_by_ulimit() -> Iterator[int]:
    held = psutil.Process().memory_info()
    # On Linux; elsewhere, there is no limit to the one, and the other is not told.
    for limit, taken in ((resource.RLIMIT_AS, held.vms), (resource.RLIMIT_DATA, getattr(held, "data", 0))):
        most = resource.getrlimit(limit)[0]
        if most != resource.RLIM_INFINITY:
            yield most - taken


def _left_by_groups() -> Iterator[int]:
    for folder in _own_groups():
        for name, held in (("memory.max", "anon"), ("memory.limit_in_bytes", "total_rss")):
            # Without a limit, its file says `max`.
            with suppress(OSError, ValueError, KeyError):
                most = int((folder / name).read_text())
                figures = dict(line.split() for line in (folder / "memory.stat").read_text().splitlines())
                yield most - int(figures[held])


def _own_groups() -> Iterator[Path]:
    """Yield the folders of all groups that this process is in; what limits one, limits those below it."""
    with suppress(OSError):
        for line in _OWN_GROUPS.read_text().splitlines():
            _, controllers, path = line.split(":", 2)
            if controllers in {"", "memory"}:
                top = _GROUPS / controllers
                for group in (Path(path), *Path(path).parents):
                    yield top / group.relative_to("/")
