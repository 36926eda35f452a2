"""What `dvc exp show --json` says, as rows: an experiment's name, what it changed, what came of it, and when."""

import json
import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, NamedTuple

from hemline.schema import is_printable

_DIGITS = 7
_PARAMS = "params.yaml"
# Without the metric that decides unless another is named.
_COMPARED = {"dataset": "", "baseline": "", "metric": "accuracy"}


class Gain(NamedTuple):
    """A variant's gain over the baseline, with its 95 % interval; all but the name in [-1, 1]."""

    variant: str
    gain: float
    low: float
    high: float


class Listed(NamedTuple):
    """A commit, an experiment, or the workspace."""

    name: str  # of the branch or the experiment; the commit's first digits where it has none
    is_experiment: bool  # whether it is one of the commit above it
    state: str  # "success", "queued", "running" or "failed"
    changed: list[str]  # the parameters that differ from those of its commit, as they would be typed
    compared: tuple[str, ...]  # the data set, the baseline and the metric: gains of others cannot stand beside these
    # of the variants that were changed; the largest one, where a change is one of all variants, or none is
    gains: list[Gain]
    created: datetime | None  # when; None for the workspace
    values: int  # how many parameters and figures DVC has of it


def listed(shown: list[Any], *, everywhere: bool) -> list[Listed]:
    """Return the rows of what `dvc exp show --json` prints, in DVC's order.

    Of all commits (``everywhere``), those without experiments are left out, except the current one.
    """
    workspace, *commits = shown
    # The first is the current commit, if there is one.
    present = _params(commits[0]) if commits else _params(workspace)
    rows = [_row(workspace, present, is_experiment=False)]
    for place, commit in enumerate(commits):
        if everywhere and place and not commit["experiments"]:
            continue
        own = _params(commit)
        rows.append(_row(commit, own, is_experiment=False))
        for experiment in commit["experiments"] or []:
            state = (experiment["executor"] or {}).get("state") or "success"
            rows += [_row(each, own, is_experiment=True, state=state) for each in experiment["revs"]]
    return rows


def changes(old: Mapping[str, Any], new: Mapping[str, Any], prefix: str = "") -> Iterator[str]:
    """Yield what differs between two mappings of parameters: ``epochs=20``, ``variants.wide removed``.

    Args:
        old: as YAML gives them.
        new: likewise.
        prefix: of the keys.
    """
    for key in dict.fromkeys([*old, *new]):
        name = f"{prefix}{key}"
        if key not in new:
            yield f"{name} removed"
        elif isinstance(new[key], dict):
            inner = old.get(key)
            if key not in old:
                yield f"{name} added"
            else:
                yield from changes(inner if isinstance(inner, dict) else {}, new[key], f"{name}.")
        elif key not in old or old[key] != new[key]:
            yield f"{name}={_text(new[key])}"


def _row(shown: Mapping[str, Any], base: Mapping[str, Any], *, is_experiment: bool, state: str = "success") -> Listed:
    created = (shown["data"] or {}).get("timestamp")
    files, params = _contents(shown, "metrics"), _params(shown)
    changed = list(changes(base, params)) if shown["data"] else []
    return Listed(
        name=shown["name"] or (shown["rev"] if shown["rev"] == "workspace" else shown["rev"][:_DIGITS]),
        is_experiment=is_experiment,
        state="failed" if shown["error"] else state,
        changed=changed,
        compared=tuple(str(params[key]) for key, usual in _COMPARED.items() if params.get(key, usual) != usual),
        gains=_gains(files, changed),
        created=datetime.fromisoformat(created) if created else None,
        values=_leaves(_contents(shown, "params")) + _leaves(files),
    )


def _contents(shown: Mapping[str, Any], kind: str) -> dict[str, Any]:
    """Return the files of parameters or metrics that could be read."""
    files = (shown["data"] or {}).get(kind) or {}
    return {name: file["data"] for name, file in files.items() if isinstance(file.get("data"), dict)}


def _params(shown: Mapping[str, Any]) -> dict[str, Any]:
    files = _contents(shown, "params")
    own: dict[str, Any] = files.pop(_PARAMS, {})
    return own | {f"{name}:{key}": value for name, values in files.items() for key, value in values.items()}


def _gains(files: Mapping[str, Any], changed: list[str]) -> list[Gain]:
    """Return the gains of the variants whose own parameters are all that changed, or else the largest."""
    gains = {
        variant: Gain(variant, figures["gain"], figures["gain_low"], figures["gain_high"])
        for file in files.values()
        for variant, figures in file.items()
        if isinstance(figures, dict) and {"gain", "gain_low", "gain_high"} <= set(figures)
    }
    of = {re.split(r"[ .]", change)[1] if change.startswith("variants.") else "" for change in changed}
    if of and of <= gains.keys():
        return [gains[variant] for variant in gains if variant in of]
    return sorted(gains.values(), key=lambda each: -each.gain)[:1]


def _leaves(value: Any) -> int:
    return sum(map(_leaves, value.values())) if isinstance(value, dict) else 1


def _text(value: Any) -> str:
    """Return a value as YAML would have it, on one line."""
    return value if isinstance(value, str) and is_printable(value) else json.dumps(value, ensure_ascii=True)
