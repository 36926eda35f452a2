"""The output of `dvc exp show --json` as rows: an experiment's name, changes, results, and time."""

import json
import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, NamedTuple

from hemline.comparison.metrics import ACCURACY, Metric, decision_of, find_metric
from hemline.errors import InputError
from hemline.schema import is_printable

_DIGITS = 7
_PARAMS = "params.yaml"
# Without the metric that decides unless another is named.
_COMPARED = {"dataset": "", "baseline": "", "metric": "accuracy"}
_LAST = (True, 0.0)


class Gain(NamedTuple):
    """A variant's gain over the baseline on the test images, with its 95 % interval, as files have it."""

    variant: str
    gain: float
    low: float
    high: float
    validation: float | None = None  # the deciding metric on the validation images, by which people are to choose


class Listed(NamedTuple):
    """A commit, an experiment, or the workspace."""

    name: str  # of the branch or the experiment; the commit's first digits where it has none
    is_experiment: bool  # whether it is one of the commit above it
    state: str  # "success", "queued", "running" or "failed"
    changed: list[str]  # the parameters that differ from those of its commit, as they would be typed
    compared: tuple[str, ...]  # the data set, the baseline and the metric: gains of others cannot stand beside these
    # of the variants that were changed; where a change is one of all variants, or none is, of the best by validation,
    # and where that is not known, the largest; none before there are results
    gains: list[Gain]
    created: datetime | None  # when; None for the workspace
    values: int  # how many parameters and figures DVC has of it


def listed(shown: list[Any], *, everywhere: bool) -> list[Listed]:
    """Return the rows of what `dvc exp show --json` prints, the experiments of a commit by validation, best first.

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
        experiments: list[Listed] = []
        for experiment in commit["experiments"] or []:
            state = (experiment["executor"] or {}).get("state") or "success"
            experiments += [_row(each, own, is_experiment=True, state=state) for each in experiment["revs"]]
        rows += sorted(experiments, key=_best_place)
    return rows


def deciding(compared: tuple[str, ...]) -> Metric | None:
    """Return the metric that decides, of a row's ``compared``; None for one of another version."""
    try:
        return find_metric(compared[2]) if compared[2:] else ACCURACY
    except InputError:
        return None


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
    compared = tuple(str(params[key]) for key, usual in _COMPARED.items() if params.get(key, usual) != usual)
    state = "failed" if shown["error"] else state
    return Listed(
        name=shown["name"] or (shown["rev"] if shown["rev"] == "workspace" else shown["rev"][:_DIGITS]),
        is_experiment=is_experiment,
        state=state,
        changed=changed,
        compared=compared,
        # DVC gives what has not run yet the figures of its commit.
        gains=_gains(files, changed, compared) if state == "success" else [],
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


def _gains(files: Mapping[str, Any], changed: list[str], compared: tuple[str, ...]) -> list[Gain]:
    """Return the gains of the variants whose own parameters are all that changed, or else that of the best."""
    metric = deciding(compared)
    validation = f"val_{metric.key}" if metric else ""
    gains = {
        variant: Gain(variant, figures["gain"], figures["gain_low"], figures["gain_high"], figures.get(validation))
        for file in files.values()
        for variant, figures in file.items()
        if isinstance(figures, dict) and {"gain", "gain_low", "gain_high"} <= set(figures)
    }
    of = {re.split(r"[ .]", change)[1] if change.startswith("variants.") else "" for change in changed}
    if of and of <= gains.keys():
        return [gains[variant] for variant in gains if variant in of]
    return sorted(gains.values(), key=lambda each: (_place(each, compared), -each.gain))[:1]


def _best_place(row: Listed) -> tuple[bool, float]:
    return min((_place(each, row.compared) for each in row.gains), default=_LAST)


def _place(gain: Gain, compared: tuple[str, ...]) -> tuple[bool, float]:
    """Return what is lower for what is better on the validation images."""
    metric = deciding(compared)
    if gain.validation is None or metric is None:
        return _LAST
    return False, gain.validation if decision_of(metric).is_loss else -gain.validation


def _leaves(value: Any) -> int:
    return sum(map(_leaves, value.values())) if isinstance(value, dict) else 1


def _text(value: Any) -> str:
    """Return a value as YAML would have it, on one line."""
    return value if isinstance(value, str) and is_printable(value) else json.dumps(value, ensure_ascii=True)
