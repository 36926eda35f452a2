"""The libraries and the code of a process: a driver gives trainings only to workers with the same."""

import hashlib
import json
from collections.abc import Mapping
from importlib.metadata import version

from hemline.dependencies.running import code_digest
from hemline.jobs.checkpoint import computed_by
from hemline.target import was_fixed_at_start

# What differs, in the words of a message.
_NAMES = {
    "code": "other code in hemline/training, or in what it needs",
    "cluster": "other code in hemline/cluster",
    "machine": "another processor target",
    "fixed": "libraries that were loaded for another processor target",
}
_FIXED = "fixed"


def identity(*, worker: bool) -> dict[str, str]:
    """Return what determines the results of this process beside the jobs that it is given, and how it talks.

    The libraries of a ``worker``, which computes, must have been loaded for the target.
    """
    fixed = not worker or was_fixed_at_start()
    own = {"cluster": code_digest("hemline/cluster"), "distributed": version("distributed"), _FIXED: str(fixed)}
    return computed_by() | own


def resource(of: Mapping[str, str]) -> str:
    """Return the name of the resource that workers with this identity offer, one for each training at once."""
    return f"hemline-{hashlib.sha256(json.dumps(dict(of), sort_keys=True).encode()).hexdigest()[:16]}"


def differences(own: Mapping[str, str], other: Mapping[str, str]) -> str:
    """Return in words in what ``other`` differs from this process; empty if in nothing."""
    found = [key for key in own if own[key] != other.get(key)]
    return ", ".join(_NAMES.get(key) or f"{key} {other.get(key)} (here {own[key]})" for key in found)
