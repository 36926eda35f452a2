"""The one way in which Hemline refuses an input: one clear line, exit status 1, no traceback."""

import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager


class InputError(ValueError):
    """An input that breaks a rule; its text names the key, the rule, the value and the remedy."""


@contextmanager
def one_line_errors() -> Iterator[None]:
    """Turn an ``InputError`` into one line on standard error and exit status 1, and Ctrl-C into exit status 130.

    Everything else is a defect of the program, and keeps its traceback.
    """
    if signal.getsignal(signal.SIGINT) is signal.SIG_DFL:  # as while a stage is imported
        signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        yield
    except InputError as error:
        sys.exit(f"error: {error}")
    except KeyboardInterrupt:
        sys.exit(130)
