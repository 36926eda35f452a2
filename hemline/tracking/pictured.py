"""Which picture each model's runs have: a report that changes no picture then does without MLflow.

To import MLflow takes a report as long as all that it does itself. What is noted here is what the store said when it
was last asked, which the evaluate stage does right before. What the note does not know, models of another store or of
another evaluation, the store is asked for.
"""

import hashlib
import json
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from hemline.tracking.address import tracking_uri

_NOTE = Path(".hemline/pictured.json")


def digest(picture: bytes) -> str:
    """Return what tells one picture from another."""
    return hashlib.sha256(picture).hexdigest()[:16]


def note(pictures: Mapping[str, str]) -> None:
    """Note the digests of the pictures that runs have, by the SHA-256 of their models."""
    with suppress(OSError):  # then the store is asked again
        _NOTE.parent.mkdir(exist_ok=True)
        _NOTE.write_text(json.dumps({"store": _store(), "pictures": dict(pictures)}))


def noted() -> dict[str, str]:
    """Return what was noted of the present store; nothing, if nothing was."""
    try:
        found = json.loads(_NOTE.read_bytes())
        pictures: dict[str, str] = found["pictures"] if found["store"] == _store() else {}
    except (OSError, ValueError, KeyError, TypeError):
        return {}
    return pictures


def _store() -> str:
    """Return what tells the store from others; its address may hold a password."""
    return hashlib.sha256(tracking_uri().encode()).hexdigest()
