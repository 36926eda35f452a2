"""What is said where MLflow fails: results are safe without it, and can be recorded later."""

import sys

from hemline.tracking.one_line import one_line


def warn(error: BaseException) -> None:
    """Say in one line that MLflow could not be reached, and what completes it."""
    print(f"warning: MLflow: {one_line(error)}; run `make sync` to complete it from the results", file=sys.stderr)
