"""Locations: one file from a web server, a bucket or a folder to the disk, through fsspec, with an end to waiting."""

import errno
import textwrap
from concurrent.futures import wait
from http import HTTPStatus
from pathlib import Path
from typing import Any

from fsspec.callbacks import Callback
from fsspec.core import url_to_fs
from fsspec.implementations.local import LocalFileSystem

from hemline.download.transfer import Display, Watch
from hemline.errors import InputError
from hemline.processes.waiting import begun

_POLL = 0.1
_CHUNK = 2**20
# Of these it is this machine that cannot go on, whatever the source: the next one would end in the same way.
_OURS = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS, errno.EMFILE, errno.ENFILE, errno.ENOMEM}
# The meanings of aiohttp's errors whose texts do not say it.
_MEANINGS = {
    "ClientConnectorDNSError": "its host is not known here, or there is no network",
    "TooManyRedirects": "redirects without an end",
    "NonHttpUrlRedirectClientError": "redirects to what is no web address: {}",
}


class _Meter(Callback):  # type: ignore[misc]  # fsspec ships no types
    """Counts the bytes of one file, and stops a transfer that is no longer needed or exceeds its size."""

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
        OSError: ``target`` cannot be written, which is no fault of the source.
        InputError: anything else that went wrong, in one line.
    """
    target.write_bytes(b"")  # here, where a folder that cannot be written is not taken for the source's failure
    meter, watch = _Meter(limit, display), Watch(patience)
    # In a thread, because each file system blocks in its own ways, and none can hold up the end.
    copying = begun(lambda: _copy(url, target, meter, patience))
    try:
        while not wait([copying], timeout=_POLL).done:
            watch.check(meter.value)
        copying.result()
    except (InputError, FileNotFoundError):
        raise
    except Exception as error:  # noqa: BLE001 - each file system has its own classes; all say why this one is no use
        raise _explained(error, url, target, patience) from None
    finally:
        meter.abandoned = True


def _explained(error: Exception, url: str, target: Path, patience: float) -> Exception:
    if isinstance(error, OSError) and error.errno in _OURS:
        return OSError(error.errno, error.strerror, str(target))
    if isinstance(error, PermissionError) or getattr(error, "status", None) == HTTPStatus.FORBIDDEN:
        return FileNotFoundError(url)  # S3's answer for a missing file in a folder that may not be listed
    name = type(error).__name__
    if isinstance(error, TimeoutError):  # the client's own, a moment before ours; it may have no text
        return InputError(f"no answer: gave up after {patience:g} s")
    text = " ".join(_MEANINGS.get(name, f"{name}: {{}}").format(error).split())
    return InputError(textwrap.shorten(text, 300, placeholder=" ..."))


def _copy(url: str, target: Path, meter: _Meter, patience: float) -> None:
    file_system, path = url_to_fs(url, **_client_options(url, patience))
    if isinstance(file_system, LocalFileSystem):
        _copy_local(Path(path), target, meter)
    else:
        file_system.get_file(path, str(target), callback=meter)


def _copy_local(source: Path, target: Path, meter: _Meter) -> None:
    """Do what fsspec does without a look at the meter: a folder takes its time, too, and files have no end."""
    if source.is_dir():
        raise InputError(f"{source} is a folder, where a file must be")
    if not source.is_file():  # a pipe or a device of this name
        raise FileNotFoundError(source)
    with source.open("rb") as stream, target.open("wb") as out:
        meter.set_size(source.stat().st_size)
        while chunk := stream.read(_CHUNK):
            meter.relative_update(len(chunk))
            out.write(chunk)


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
