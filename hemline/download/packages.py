"""Data sets that come as packages: Debian's and Ubuntu's (``apt:name``), npm's (``npm:name``, ``npm:name@version``).

The machine's own clients fetch them, with the mirrors, proxies and keys that this machine's configuration names.
No root is needed, and nothing is installed: the package is downloaded, and the wanted files are taken out of it.
"""

import os
import shutil
import signal
import stat
import subprocess
import textwrap
from collections.abc import Mapping
from pathlib import Path

from hemline.download.archive import unpack
from hemline.download.transfer import Display, StalledError, Watch
from hemline.errors import InputError

# Once bytes have arrived, a client may be busy for longer: with package lists, signatures, compression.
BUSY = 3
# Bytes that package lists, caches and what else is in a package may take beside the wanted files.
OVERHEAD = 2**30
_POLL = 0.1
# A process that is killed has no time to end its client, which would write on. Of util-linux; others do without.
_ENDING_WITH_THIS_PROCESS = ["setpriv", "--pdeathsig", "KILL", "--"] if shutil.which("setpriv") else []


def fetch_package(source: str, sizes: Mapping[str, int], folder: Path, patience: float, display: Display) -> Path:
    """Download a package; return the folder with those of the wanted files that it has.

    Args:
        source: ``apt:<package>`` or ``npm:<package>[@<version>]``.
        sizes: by file name, at whatever place in the package: the most bytes that it can have.
        folder: exists and is empty; everything that the client writes goes there.
        patience: seconds; a client that does not get an answer in this time is stopped.
        display: shows the bytes while they arrive.

    Raises:
        InputError: the client is not installed or fails, or its package cannot be read or is too large.
    """
    client, _, package = source.partition(":")
    limit = OVERHEAD + sum(sizes.values())
    run = _Client(folder.resolve(), limit, patience, display)
    archive = _fetch_apt(package, run) if client == "apt" else _fetch_npm(package, run)
    # A folder of their own: whatever the client has left beside it has other names.
    wanted = folder.resolve() / "wanted"
    unpack(archive, sizes, wanted, limit)
    return wanted


class _Client:
    """Runs commands that write below one folder, and watches it grow."""

    def __init__(self, folder: Path, limit: int, patience: float, display: Display) -> None:
        self.folder = folder
        self.patience = patience
        self._limit = limit
        self._display = display

    def __call__(self, command: list[str]) -> Path:
        """Run ``command``; return the file that holds its standard output.

        A command that is missing, fails, writes too much, or brings nothing for too long is an ``InputError``.
        """
        if shutil.which(command[0]) is None:
            raise InputError(f"{command[0]} is not installed")
        output, errors = self.folder / "stdout", self.folder / "stderr"
        with (
            output.open("wb") as out,
            errors.open("wb") as err,
            # In a session of its own, so that it can be ended together with the processes that it starts.
            subprocess.Popen(
                [*_ENDING_WITH_THIS_PROCESS, *command],
                cwd=self.folder,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=err,
                start_new_session=True,
            ) as process,
        ):
            try:
                self._wait(process)
            finally:
                if process.poll() is None:
                    os.killpg(process.pid, signal.SIGKILL)
        if process.returncode:
            raise InputError(f"{command[0]} failed: {_reason(errors)}")
        return output

    def _wait(self, process: subprocess.Popen[bytes]) -> None:
        watch = Watch(self.patience, BUSY * self.patience)
        received, before = 0, 0
        while process.poll() is None:
            size = _size(self.folder)
            # Clients remove what they have unpacked; only growth is what arrived.
            received, before = received + max(0, size - before), size
            watch.check(received)
            self._display.receive(received)
            self._check_size(size)
            try:
                process.wait(_POLL)
            except subprocess.TimeoutExpired:
                continue
        self._check_size(_size(self.folder))

    def _check_size(self, size: int) -> None:
        if size > self._limit:
            raise InputError(f"its client wrote more than {self._limit} bytes")


def _fetch_apt(package: str, run: _Client) -> Path:
    options = ["-o", "Acquire::Retries=0"]
    for protocol in ("http", "https"):
        options += ["-o", f"Acquire::{protocol}::Timeout={max(1, round(run.patience))}"]
    # Root's apt drops to a user who may not write here; the folder is the caller's own, so that gains nothing.
    options += ["-o", "APT::Sandbox::User=root"]
    try:
        run(["apt-get", "download", package, *options])
    except StalledError:
        raise  # asking once more would take as long
    except InputError:
        # The package lists are missing or out of date. Fresh ones of our own take no root.
        _download_with_own_lists(package, run, options)
    return run(["dpkg-deb", "--fsys-tarfile", _only(run.folder, "*.deb")])


def _download_with_own_lists(package: str, run: _Client, options: list[str]) -> None:
    lists, cache = run.folder / "lists", run.folder / "cache"
    for part in (lists / "partial", cache / "archives" / "partial"):
        part.mkdir(parents=True)
    own = ["-o", f"Dir::State::lists={lists}", "-o", f"Dir::Cache={cache}", "-o", "Acquire::Languages=none"]
    first_error = None
    try:
        run(["apt-get", "update", "--error-on=any", *options, *own])
    except StalledError:
        raise
    except InputError as error:
        first_error = error  # one broken list among many need not be the one with this package
    try:
        run(["apt-get", "download", package, *options, *own])
    except InputError as error:
        raise first_error or error from None


def _fetch_npm(package: str, run: _Client) -> Path:
    cache = run.folder / "cache"
    quiet = ["--loglevel=error", "--no-update-notifier"]
    # A cache of our own: the user may have no home folder, and its growth shows that bytes arrive.
    run(["npm", "pack", package, "--ignore-scripts", "--fetch-retries=0", f"--cache={cache}", *quiet])
    return Path(_only(run.folder, "*.tgz"))


def _only(folder: Path, pattern: str) -> str:
    found = [str(path) for path in folder.glob(pattern) if path.is_file() and not path.is_symlink()]
    if len(found) != 1:
        raise InputError(f"its client left {len(found)} files {pattern}, not one")
    return found[0]


def _reason(errors: Path) -> str:
    lines = errors.read_text(errors="replace").splitlines() or ["it gave no reason"]
    telling = [line for line in lines if line.startswith(("E:", "npm error", "npm ERR!"))]
    return textwrap.shorten(" ".join(telling or lines[-1:]), 300, placeholder=" ...")


def _size(folder: Path) -> int:
    size = 0
    for path in folder.rglob("*"):
        try:
            status = path.lstat()
            size += status.st_size if stat.S_ISREG(status.st_mode) else 0
        except FileNotFoundError:  # the client has just removed it
            continue
    return size
