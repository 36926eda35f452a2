"""Results that the scheduler keeps for later stages, and forgets when none fetches them.

A result that no client wants is forgotten at once, also one that a stage has ordered for the next: so all are
published, under the job's key and the time. What is older than ``hemline.expire`` of Dask's
configuration is taken back.
"""

import time
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import dask
from dask.utils import parse_timedelta

if TYPE_CHECKING:
    from distributed import Client

_EXPIRE = "1 day"


def publish(client: "Client", key: str, data: Any) -> None:
    """Keep ``data``, a future, under ``key``, whatever becomes of this client."""
    client.publish_dataset(data, name=f"{key}@{time.time():.0f}", override=True)


def unpublish(client: "Client", keys: Iterable[str]) -> None:
    """Take back what was published under ``keys``; what other clients wait for continues."""
    wanted = set(keys)
    if names := [name for name in client.list_datasets() if str(name).rpartition("@")[0] in wanted]:
        client.unpublish_dataset(names)


def expire(client: "Client") -> None:
    """Take back what was published too long ago."""
    before = time.time() - parse_timedelta(dask.config.get("hemline.expire", _EXPIRE))
    for name in client.list_datasets():
        _, _, published = str(name).rpartition("@")
        if published.isdigit() and name != published and int(published) < before:
            client.unpublish_dataset(name)
