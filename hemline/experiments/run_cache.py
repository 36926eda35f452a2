"""DVC's run-cache: what a stage gave before, for the same command, dependencies and parameters."""

import hashlib
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from dvc.repo import Repo


class RunCache:
    """The run-cache of a repository."""

    def __init__(self, repo: "Repo") -> None:
        """Take DVC's own object."""
        self._repo = repo

    @classmethod
    @contextmanager
    def open(cls) -> Iterator[Self]:
        """Open that of the current repository."""
        from dvc.repo import Repo  # noqa: PLC0415 - takes half a second

        with Repo() as repo:
            yield cls(repo)

    def outputs(self, entry: Mapping[str, Any]) -> dict[str, str] | None:
        """Return the digests of the outputs, by path, that DVC would restore for an entry of dvc.lock, or None.

        Only the paths of the entry's own outputs count.
        """
        from dvc.utils import dict_sha256  # noqa: PLC0415 - as above

        paths = [out["path"] for out in entry["outs"]]
        key = dict_sha256(dict(entry) | {"outs": paths}, exclude=["size", "nfiles"])
        cache = self._repo.stage_cache
        folder = Path(cache.cache_dir, key[:2], key)
        newest = max(folder.glob("*"), key=lambda path: path.stat().st_mtime, default=None)
        found = cache._load_cache(key, newest.name) if newest else None  # noqa: SLF001 - DVC offers no other way
        if not found or not cache._create_stage(dict(found)).outs_cached():  # noqa: SLF001
            return None
        return {out["path"]: out["md5"] for out in found["outs"]}

    def folder_digest(self, folder: str, outputs: Mapping[str, str]) -> str | None:
        """Return the digest that DVC gives a folder that holds these outputs and nothing else, or None if unknown."""
        files = []
        for path, digest in outputs.items():
            place = PurePosixPath(path).relative_to(folder)
            if not digest.endswith(".dir"):
                files.append({"md5": digest, "relpath": str(place)})
                continue
            try:
                listed = json.loads(Path(self._repo.cache.local.oid_to_path(digest)).read_bytes())
            except OSError:
                return None
            files += [{"md5": each["md5"], "relpath": str(place / each["relpath"])} for each in listed]
        text = json.dumps(sorted(files, key=lambda each: each["relpath"]), sort_keys=True)
        return f"{hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()}.dir"
