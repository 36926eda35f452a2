"""Python's collector of garbage in cycles, for processes that live for seconds."""

import atexit
import gc


def collect_rarely() -> None:
    """Look for garbage in cycles rarely, and not at exit.

    Most objects of a stage are those of large libraries, and live to its end. To look through them again and again
    takes a quarter of the time that importing TensorFlow does, and at exit another second.
    """
    gc.set_threshold(100_000, 50, 50)
    atexit.register(gc.freeze)
