"""The way to a scheduler, by its address or by the file that it wrote; questions to it that end; workers' memory."""

import json
import logging
from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

import dask

from hemline.errors import InputError
from hemline.processes.ports import HOST
from hemline.processes.waiting import begun, wait_for
from hemline.repository import repository

if TYPE_CHECKING:
    from distributed import Client

# Seconds until a scheduler that does not answer is given up.
_PATIENCE = 10
# ... and then this process.
_MORE_PATIENCE = 2
T = TypeVar("T")
_REMEDY = "start the workers by `make workers`, or set cluster to null, to train here"


def connect(cluster: str) -> "Client":
    """Return a client of the scheduler, by its address or the path of its file from the top of the main repository.

    No such file, no answer, and what is no address of a scheduler are an ``InputError``.
    """
    from distributed import Client  # noqa: PLC0415 - 0.7 s, for those who have a cluster

    # Dask's own messages stay off the terminal: what matters is said in one line, by who waits for it.
    for name in ("distributed", "distributed.client", "distributed.core", "distributed.comm", "tornado"):
        logging.getLogger(name).setLevel(logging.CRITICAL)
    address = _address(cluster)
    try:
        # Dask's patience ends with the connection; a stranger, or a frozen scheduler, may take that and stay silent.
        return call_with_timeout(
            _PATIENCE + _MORE_PATIENCE, lambda: Client(address, timeout=_PATIENCE, set_as_default=False)
        )
    except OSError as error:
        said = (str(error) or "it stays silent").splitlines()[0]
        raise InputError(f"cluster: {cluster}: no answer ({said}); {_REMEDY}") from None
    except (ValueError, TypeError, ImportError, RuntimeError) as error:
        lacks = "TLS needs certificates, by Dask's settings" if address.startswith("tls://") else str(error)
        raise InputError(f"cluster: {cluster}: is no way to a scheduler ({lacks}); {_REMEDY}") from None


def _address(cluster: str) -> str:
    if "://" in cluster:
        return cluster
    try:
        return str(json.loads((repository() / cluster).read_bytes())["address"])
    except FileNotFoundError:
        raise InputError(f"cluster: {cluster}: no such file; {_REMEDY}") from None
    except (IsADirectoryError, ValueError, KeyError, TypeError):
        raise InputError(f"cluster: {cluster}: is no file of a scheduler; {_REMEDY}") from None


def security(address: str) -> str:
    """Return what is to be said of a connection without TLS; nothing of one with."""
    if not address.startswith("tcp://"):
        return ""
    who = "whoever has an account on this machine" if HOST in address else f"whoever reaches {address}"
    return f"without TLS: {who} can run code there"


def call_with_timeout(seconds: float, ask: Callable[[], T]) -> T:
    """Return what ``ask`` does, or raise what it raises, in a thread that keeps no process from ending.

    Once connected, Dask's own wait without limit; here, after so many seconds, that is a ``TimeoutError``.
    """
    answer = begun(ask)
    wait_for([answer], seconds)
    return answer.result(0)


def set_worker_defaults() -> None:
    """Let the workers that this process starts keep memory that they have freed, and take their time to start again.

    Dask lets them give memory back at once (``MALLOC_TRIM_THRESHOLD_``), and a training requests it again in every
    step: an epoch took 1.45 times as long. A local cluster replaces no worker that is not back 15 seconds after its
    death: it stops the new one for good. On a busy machine, the import of TensorFlow alone takes longer.
    """
    dask.config.set(
        {
            "distributed.nanny.pre-spawn-environ": {"OMP_NUM_THREADS": "1"},
            "distributed.deploy.lost-worker-timeout": "1 hour",
        }
    )
