"""The stages that a change of parameters would run: `dvc repro --dry` misses those whose input another one changes.

A stage runs if what `dvc.lock` recorded for it differs from what is there, or if one that runs before it writes what it
reads. The files of the first two stages are always the same, so that nothing runs because of them.
"""

from collections.abc import Callable, Iterable, Mapping
from functools import partial
from types import MappingProxyType
from typing import Any, NamedTuple

from hemline.experiments.run_cache import RunCache
from hemline.jobs.trained import Trained
from hemline.params import TUNED

_MODIFIED = "modified"
_ALWAYS_THE_SAME = {"known", "check"}
_ORDER = ("known", "check", "download", "normalize", "tune", "train", "solve", "evaluate", "report")
_BY_VARIANT = {"tune", "train"}


class Planned(NamedTuple):
    """A stage that would run."""

    stage: str
    because: str  # of what, in a few words
    restored: bool = False  # from DVC's run-cache, without running


def plan(
    lock: Mapping[str, Any],
    params: Mapping[str, Any],
    status: Mapping[str, Any],
    rewritten: Mapping[str, str | None] = MappingProxyType({}),
    cache: RunCache | None = None,
) -> list[Planned]:
    """Return the stages that would run, in their order.

    Args:
        lock: the stages of ``dvc.lock``.
        params: what ``params.yaml`` would hold.
        status: what `dvc status --json` says of the workspace as it is.
        rewritten: digests of files of the first two stages that would not be the same, by path; None: not known.
        cache: where results of earlier runs are looked up, if at all.
    """
    variants = params["variants"]
    names = {*_ORDER} - _BY_VARIANT | {f"{stage}@{variant}" for stage in _BY_VARIANT for variant in variants}
    order = {name: place for place, name in enumerate(_ORDER)}
    places = {variant: place for place, variant in enumerate(variants)}
    planned: list[Planned] = []
    written = dict(rewritten)  # by path, with the digest where it is known
    for name in sorted(names, key=lambda each: (order[each.split("@")[0]], places.get(each.partition("@")[2], 0))):
        recorded = lock.get(name)
        because = "it has not run yet" if recorded is None else _reason(name, recorded, params, status, written)
        if not because:
            continue
        restored = None
        if cache and recorded and not _inputs_changed(status.get(name, [])):
            entry = _entry(recorded, params, partial(_digest, lock, written, cache))
            restored = cache.outputs(entry) if entry else None
        planned.append(Planned(name, because, restored is not None))
        if name in _ALWAYS_THE_SAME:
            continue
        if recorded is None:
            stage, _, variant = name.partition("@")
            written[((TUNED if stage == "tune" else Trained.PATH) / variant).as_posix()] = None
        else:
            outs = {out["path"]: out.get("md5") for out in recorded.get("outs", [])}
            new = restored or dict.fromkeys(outs)
            written |= {path: digest for path, digest in new.items() if digest is None or digest != outs[path]}
    return planned


def _entry(
    recorded: Mapping[str, Any], params: Mapping[str, Any], digest: Callable[[Mapping[str, Any]], str | None]
) -> dict[str, Any] | None:
    """Return what dvc.lock would hold of a stage, but for its outputs; None where that is known only afterwards."""
    deps = [dep | {"md5": digest(dep)} for dep in recorded.get("deps", [])]
    if any(dep["md5"] is None for dep in deps):
        return None
    known = {
        file: {key: _value(params, key) if file == "params.yaml" else value for key, value in values.items()}
        for file, values in recorded.get("params", {}).items()
    }
    return dict(recorded) | {"deps": deps} | ({"params": known} if known else {})


def _digest(
    lock: Mapping[str, Any], written: Mapping[str, str | None], cache: RunCache, dep: Mapping[str, Any]
) -> str | None:
    """Return the digest that a dependency would have, or None if it is not known."""
    if dep["path"] in written:
        return written[dep["path"]]
    if not any(_overlap(dep["path"], path) for path in written):
        return dep.get("md5")
    outs = {out["path"]: out.get("md5", "") for entry in lock.values() for out in entry.get("outs", [])}
    below = {path: digest for path, digest in outs.items() if path.startswith(f"{dep['path']}/")}
    changed = {path: digest for path, digest in written.items() if path in below}
    if None in changed.values() or len(changed) < sum(_overlap(dep["path"], path) for path in written):
        return None
    # Where other files lie beside the outputs, the folder's digest cannot be computed from theirs.
    if cache.folder_digest(dep["path"], below) != dep["md5"]:
        return None
    return cache.folder_digest(dep["path"], below | {path: digest or "" for path, digest in changed.items()})


def _overlap(path: str, other: str) -> bool:
    return path == other or other.startswith(f"{path}/") or path.startswith(f"{other}/")


def _inputs_changed(status: list[Any]) -> bool:
    """Say whether the command, code or data of a stage is not as recorded; parameters, which are mappings, may be."""
    kinds = [
        kind
        for entry in status
        if isinstance(entry, dict) and "changed deps" in entry
        for kind in entry["changed deps"].values()
    ]
    return "changed command" in status or any(isinstance(kind, str) for kind in kinds)


def _reason(
    name: str, recorded: Mapping[str, Any], params: Mapping[str, Any], status: Mapping[str, Any], written: Iterable[str]
) -> str:
    """Return why a stage that has run before would run again, or ""."""
    old = recorded.get("params", {}).get("params.yaml", {})
    if changed := [key for key, value in old.items() if _value(params, key) != value]:
        return ", ".join(changed)
    deps = [each["path"] for each in recorded.get("deps", [])]
    described = f"data/{params['dataset']}.yaml"
    if any(path.startswith("data/") and path.endswith(".yaml") and path != described for path in deps):
        return "dataset"
    for path in deps:
        if any(_overlap(path, out) for out in written):
            return f"{path} would change"
    return _changed_now(status.get(name, []))


def _changed_now(status: list[Any]) -> str:
    """Return what of code, data or results is not as recorded; changed parameters, which are mappings, are known."""
    for entry in status:
        if entry == "changed command":
            return "its command has changed"
        for kind, paths in entry.items() if isinstance(entry, dict) else ():
            if others := [
                str(path) for path, how in paths.items() if isinstance(how, str) or {*how.values()} != {_MODIFIED}
            ]:
                return f"{', '.join(others[:2])} {'has changed' if kind == 'changed deps' else 'is not as it was'}"
    return ""


def _value(params: Mapping[str, Any], key: str) -> Any:
    found: Any = params
    for part in key.split("."):
        if not isinstance(found, Mapping) or part not in found:
            return None
        found = found[part]
    return found
