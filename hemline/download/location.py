"""Locations: one file from a web server, a bucket or a folder to the disk, through fsspec, with an end to waiting."""

import textwrap
from concurrent.futures import Future, wait
from http import HTTPStatus
from pathlib import Path
from threading import Thread
from typing import Any

from fsspec.callbacks import Callback
from fsspec.core import url_to_fs

from hemline.download.transfer import Display, Watch
from hemline.errors import InputError

_POLL = 0.1


class _Meter(Callback):  # type: ignore[misc]  # fsspec ships no types
    """Counts the bytes of one file, and stops a transfer that nobody waits for or that has more than it should."""

    def __init__(self, limit: int, display: Display) -> None:
        super().__init__()
        self.abandoned = False
        self._limit = limit
        self._display = display

    def relative_update(self, inc: int = 1) -> None:
        super().relative_update(inc)
        if self.abandoned:
            raise InputError("was given up")
        if self.value > self._limit:
            raise InputError(f"is longer than the {self._limit} bytes that it can have")
        self._display.receive(self.value, self.size)


def copy_file(url: str, target: Path, limit: int, patience: float, display: Display) -> None:
    """Copy what ``url`` names to ``target``.

    Args:
        url: a path, or anything that fsspec reads.
        target: a path in an existing folder; may hold a part of the file after an error.
        limit: the most bytes that the file can have.
        patience: seconds without an answer, or with hardly a byte, after which the copy is given up.
        display: shows the bytes while they arrive.

    Raises:
        FileNotFoundError: there is no such file, as far as the source says.
        InputError: anything else that went wrong, in one line.
    """
    # In a thread, because each file system blocks in its own ways; a daemon, so that none can hold up the end.
    meter = _Meter(limit, display)
    copying: Future[None] = Future()
    Thread(target=_run, args=(copying, url, target, meter, patience), daemon=True).start()
    watch = Watch(patience)
    try:
        while not wait([copying], timeout=_POLL).done:
            watch.check(meter.value)
        copying.result()
    except (InputError, FileNotFoundError):
        raise
    except Exception as error:  # noqa: BLE001 - each file system has its own classes; all say why this one is no use
        if isinstance(error, PermissionError) or getattr(error, "status", None) == HTTPStatus.FORBIDDEN:
            raise FileNotFoundError(url) from None  # S3's answer for a missing file in a folder that may not be listed
        text = " ".join(f"{type(error).__name__}: {error}".split())
        raise InputError(textwrap.shorten(text, 300, placeholder=" ...")) from None
    finally:
        meter.abandoned = True


def _run(copying: Future[None], url: str, target: Path, meter: _Meter, patience: float) -> None:
    try:
        file_system, path = url_to_fs(url, **_client_options(url, patience))
        copying.set_result(file_system.get_file(path, str(target), callback=meter))
    except BaseException as error:  # noqa: BLE001 - it is raised again in the thread that waits
        copying.set_exception(error)


def _client_options(url: str, patience: float) -> dict[str, Any]:
    """Return what makes a client end its own connections, and honour the proxies of the environment."""
    if url.startswith(("http://", "https://")):
        # Imported here: half a second that only this protocol needs.
        from aiohttp import ClientTimeout  # noqa: PLC0415

        return {
            "client_kwargs": {
                "trust_env": True,
                "timeout": ClientTimeout(total=None, connect=patience, sock_read=patience),
            }
        }
    if url.startswith("s3://"):
        return {"config_kwargs": {"connect_timeout": patience, "read_timeout": patience}}
    return {}
