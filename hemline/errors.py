"""Errors of the input or the machine, reported in one clear line without a traceback."""

import errno
import os
import re
import select
import signal
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NoReturn

# What the machine refuses whatever the program does, and what helps. Any other OSError is a defect of the program.
REMEDIES = {
    errno.ENOSPC: "make space there",
    errno.EDQUOT: "make space there, or ask for more of it",
    errno.EFBIG: "allow larger files: `ulimit -f unlimited`",
    errno.EACCES: "let this user read and write it",
    errno.EPERM: "let this user read and write it",
    errno.EROFS: "make it writable, or work in a folder that is",
    errno.EMFILE: "allow more open files: `ulimit -n 4096`",
    errno.ENFILE: "close programs: together they have too many files open",
    errno.EIO: "see what the system's log says of this disk, and run this again",
    errno.ENOMEM: "close programs, or give this machine more memory",
}
# These are mended for temporary files by another folder for them.
_OF_THE_FOLDER = {errno.ENOSPC, errno.EDQUOT, errno.EACCES, errno.EPERM, errno.EROFS, errno.EIO}
_TEMPORARY = "name another folder for temporary files: TMPDIR=<folder>"
# What `tempfile` says, without the reason, where no folder takes a file.
_NO_TEMPORARY_FOLDER = "No usable temporary directory"
# What NumPy says instead of the reason, where the disk took a part of an array.
_WRITTEN_IN_PART = re.compile(r"\d+ requested and \d+ written")


# Said to a person only: in a log, and for a program that reads it, an error stays one line.
HELP = "What to do then: docs/TROUBLESHOOTING.md"
_DEFECT = "This is a defect of Hemline; docs/TROUBLESHOOTING.md says what to try."


class InputError(ValueError):
    """An input that breaks a rule; its text names the key, the rule, the value and the remedy."""


def first_line(error: BaseException) -> str:
    """Return the first line of what an error says, or its kind where it says nothing."""
    return (str(error).strip() or type(error).__name__).splitlines()[0]


def end_by_ctrl_c_while_imported() -> None:
    """Let Ctrl-C end this process at once until ``one_line_errors``, if its package is just imported to be run.

    As an exception it would be a traceback of what is being imported, or lost in a callback, and the program run on.
    """
    # The name is what Python says while it imports the package of the module that it is to run.
    if sys.argv[0] == "-m" and signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, signal.SIG_DFL)


@contextmanager
def one_line_errors(status: int = 1) -> Iterator[None]:
    """Turn an ``InputError``, or what the machine refuses, into one line and an exit status; Ctrl-C into status 130.

    Everything else is a defect of the program, and keeps its traceback. On a terminal, a second line names the page
    with the remedies.

    Args:
        status: what to exit with.
    """
    if signal.getsignal(signal.SIGINT) is signal.SIG_DFL:  # as while a stage is imported
        signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        yield
        with suppress(BrokenPipeError):  # of a reader that has seen enough
            _flush()  # here, where a full disk is a line, and not while Python ends
    except InputError as error:
        _refuse(str(error), status)
    except BrokenPipeError as error:
        if _output_closed():  # any more, as `head` when it has seen enough
            with suppress(BrokenPipeError):
                _flush()
            sys.exit(128 + signal.SIGPIPE)
        error.add_note(_DEFECT)
        raise
    except OSError as error:
        line = refusal(error)
        if line is None:
            error.add_note(_DEFECT)
            raise
        _refuse(line, status)
    except KeyboardInterrupt:
        sys.exit(130)
    except Exception as error:
        error.add_note(_DEFECT)
        raise


def _said(line: str) -> str:
    return f"error: {line}\n{HELP}" if sys.stderr.isatty() else f"error: {line}"


def _refuse(line: str, status: int) -> NoReturn:
    if status == 1:
        sys.exit(_said(line))
    print(_said(line), file=sys.stderr)
    sys.exit(status)


def _output_closed() -> bool:
    output = select.poll()
    with suppress(OSError, ValueError):  # no file of the system's
        output.register(sys.stdout.fileno(), 0)  # errors are always reported
    return bool(output.poll(0))


def _flush() -> None:
    try:
        sys.stdout.flush()
    except OSError:
        # What is left would fail again while Python ends, which would then say so at length, with another status.
        with suppress(OSError, ValueError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """Name ``path`` in an error of the machine that names none, as those of `write` do."""
    try:
        yield
    except OSError as error:
        if error.filename is None and refusal(error) is not None:
            raise OSError(_number(error), os.strerror(_number(error)), str(path)) from error
        raise


@contextmanager
def reading(name: object, *damaged: type[Exception]) -> Iterator[None]:
    """Name a file, or a part of one, in an ``InputError``, which also a missing or a damaged one becomes.

    Args:
        name: what stands before the error's text.
        damaged: the errors by which a reader says that a file is none of its own, or a damaged one.
    """
    try:
        yield
    except FileNotFoundError:
        raise InputError(f"{name}: no such file") from None
    except InputError as error:
        raise InputError(f"{name}: {error}") from None
    except damaged as error:
        text = " ".join(str(error).split())[:200] or type(error).__name__
        raise InputError(f"{name}: cannot be read: {text}") from None


def refusal(error: OSError) -> str | None:
    """Return path, cause and remedy in one line; None if the error is none of the machine's."""
    if str(error.strerror).startswith(_NO_TEMPORARY_FOLDER):
        return f"{error.strerror}: none can be written; make space in one, or {_TEMPORARY}"
    number = _number(error)
    if number not in REMEDIES:
        return None
    place = error.filename2 or error.filename
    path = Path(os.fsdecode(place)) if isinstance(place, str | bytes | os.PathLike) else None
    named = path or f"a file in {Path.cwd()} or in the folder for temporary files"
    remedy = REMEDIES[number]
    if number in _OF_THE_FOLDER and (path is None or _is_temporary(path)):
        remedy = f"{remedy}, or {_TEMPORARY}"
    return f"{named}: {os.strerror(number).lower()}; {remedy}"


def _is_temporary(path: Path) -> bool:
    folders = filter(None, [tempfile.tempdir, *map(os.environ.get, ("TMPDIR", "TEMP", "TMP"))])
    return any(path.is_relative_to(folder) for folder in [*folders, "/tmp"])  # noqa: S108 - compared, not used


def _number(error: OSError) -> int:
    return errno.ENOSPC if error.errno is None and _WRITTEN_IN_PART.match(str(error)) else error.errno or 0
