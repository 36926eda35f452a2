"""Which stages a change of parameters would run: `dvc repro --dry` misses those whose input another stage would change.

A stage runs if what `dvc.lock` recorded for it differs from what is there, or if one that runs before it writes what it
reads. The files of the first two stages are always the same, so that nothing runs because of them.
"""

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from hemline.jobs.trained import Trained

_MODIFIED = "modified"
_ALWAYS_THE_SAME = {"known", "check"}
_ORDER = ("known", "check", "download", "normalize", "train", "solve", "evaluate", "report")


class Planned(NamedTuple):
    """A stage that would run."""

    stage: str
    because: str  # of what, in a few words


def plan(
    lock: Mapping[str, Any], params: Mapping[str, Any], status: Mapping[str, Any], rewritten: Iterable[str] = ()
) -> list[Planned]:
    """Return the stages that would run, in their order.

    Args:
        lock: the stages of ``dvc.lock``.
        params: what ``params.yaml`` would hold.
        status: what `dvc status --json` says of the workspace as it is.
        rewritten: outputs of the first two stages that would not be the same.
    """
    variants = params["variants"]
    names = {*_ORDER} - {"train"} | {f"train@{variant}" for variant in variants}
    order = {name: place for place, name in enumerate(_ORDER)}
    places = {variant: place for place, variant in enumerate(variants)}
    planned: list[Planned] = []
    written = [*rewritten]
    for name in sorted(names, key=lambda each: (order[each.split("@")[0]], places.get(each.partition("@")[2], 0))):
        recorded = lock.get(name)
        because = "it has not run yet" if recorded is None else _reason(name, recorded, params, status, written)
        if because:
            planned.append(Planned(name, because))
            if name not in _ALWAYS_THE_SAME:
                written += (
                    [(Trained.PATH / name[6:]).as_posix()]
                    if recorded is None
                    else [out["path"] for out in recorded.get("outs", [])]
                )
    return planned


def _reason(
    name: str, recorded: Mapping[str, Any], params: Mapping[str, Any], status: Mapping[str, Any], written: list[str]
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
        if any(path == out or out.startswith(f"{path}/") or path.startswith(f"{out}/") for out in written):
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
