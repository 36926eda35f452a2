"""Python's collector of garbage in cycles, for processes that live for seconds."""

import atexit
import gc


def collect_rarely() -> None:
    """Look for garbage in cycles rarely, and not at exit: most objects of a stage are libraries', and live to its end."""
    # A stage `train` of a tiny data set, medians of 13 turns: 5.9 s of processor time, and 7.6 s without these two lines
    # (6.9 s without the second, 6.4 s without the first). Python may change what its thresholds mean, as 3.14 did: that
    # can cost the gain, and changes no result.
    gc.set_threshold(100_000, 50, 50)
    atexit.register(gc.freeze)
