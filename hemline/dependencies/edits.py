"""Edits of code that change no meaning: found for each stage, and recorded in place of running it."""

import logging
from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any, NamedTuple

from hemline.dependencies.contents import digest, is_code, read
from hemline.dependencies.history import versions
from hemline.dependencies.lock_file import Entry
from hemline.dependencies.meaning import changed


class Edits(NamedTuple):
    """The changes in the code of stages since it was recorded."""

    rewritten: list[str]  # the names of the stages whose code was edited, and means what it meant
    # those of which Git's history does not have the code as it was recorded, so that it counts as changed.
    unknown: list[str]
    digests: dict[str, str]  # of all their code as it is, by path


def find_edits(recorded: Mapping[str, Entry], committed: Mapping[str, Entry]) -> Edits:
    """Compare the code of each stage with what it was.

    Args:
        recorded: the entries of dvc.lock.
        committed: those of the last commit. Where one has the same results of the same parameters and data, its code
            gives them, too: Git has it, also where the one in dvc.lock was recorded between two commits.
    """
    paths = {path for entry in recorded.values() for path, _ in _code(entry)}
    found = Edits([], [], {path: digest(path, read(path)) for path in paths})

    @cache
    def unchanged(path: str, md5: str) -> bool | None:
        if md5 == found.digests.get(path):
            return True
        then = next((each for each in versions(path) if digest(path, each) == md5), None)
        return None if then is None else not changed(then, read(path))

    for name, entry in recorded.items():
        if all(md5 == found.digests[path] for path, md5 in _code(entry)):
            continue
        other = committed.get(name, {})
        known = [other, entry] if _without_code(other) == _without_code(entry) else [entry]
        verdicts = [{unchanged(*each) for each in _code(version)} for version in known]
        if {True} in verdicts:
            found.rewritten.append(name)
        elif not any(False in each for each in verdicts):
            found.unknown.append(name)
    return found


def record(edits: Edits, recorded: Mapping[str, Entry]) -> list[str]:
    """Let DVC record the code as it is for the stages that were ``rewritten``, and return those for which it did.

    Nothing else of their entries changes: where parameters or data differ as well, DVC still sees that, and runs them.
    ``dvc commit`` would record those, too, beside results that are not theirs.
    """
    from dvc.exceptions import DvcException  # noqa: PLC0415 - takes half a second
    from dvc.repo import Repo, lock_repo  # noqa: PLC0415

    logging.getLogger("dvc").setLevel(logging.ERROR)  # what it says of its files, is said here
    try:
        with Repo() as repo, lock_repo(repo):
            stages = [stage for stage in repo.index.stages if stage.addressing in edits.rewritten]
            done = [stage for stage in stages if _take_over(stage, recorded[stage.addressing], edits.digests)]
            for stage in done:
                if not stage.changed_outs():  # or there is nothing that could be found again
                    repo.stage_cache.save(stage)
            if done:
                done[0].dvcfile.dump_stages(done, update_pipeline=False)
            return [stage.addressing for stage in done]
    except DvcException:  # of parameters that cannot be read, or another DVC at work: `dvc repro` says so
        return []


def _take_over(stage: Any, entry: Entry, digests: Mapping[str, str]) -> bool:
    """Give a stage the digests of its code, unless its entry is another command's, or code was edited just now."""
    files = {each.def_path: each for each in stage.deps if each not in stage.params}
    if stage.cmd != entry["cmd"] or set(files) != _paths(entry, "deps"):
        return False
    if {out.def_path for out in stage.outs} != _paths(entry, "outs"):
        return False
    code = [each for path, each in files.items() if is_code(path)]
    for each in code:
        each.save()
    return all(each.hash_info.value == digests[each.def_path] for each in code)


def _paths(entry: Entry, key: str) -> set[str]:
    return {each["path"] for each in entry.get(key, ())}


def _code(entry: Entry) -> Iterable[tuple[str, str]]:
    return ((each["path"], each.get("md5", "")) for each in entry.get("deps", ()) if is_code(each["path"]))


def _without_code(entry: Entry) -> Entry:
    deps = [each["path"] if is_code(each["path"]) else each for each in entry.get("deps", ())]
    return {**entry, "deps": deps}
