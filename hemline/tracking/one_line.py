"""MLflow's errors as one line, without a password, and with a remedy; where results are safe, as a warning.

MLflow's own messages repeat the address of the store, password and all, and those of a server are long.
"""

import re
import sys

_PASSWORD = re.compile(r"(://[^/\s:@]*):\S+@")
# By the status that a server answers with.
_REFUSED = re.compile(r"failed with error code (401|403)\b")
_REMEDIES = {
    "401": "the server refuses this user name or password; set MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD",
    "403": "the server does not permit this to the user of MLFLOW_TRACKING_USERNAME; ask who administers it",
}


def one_line(error: BaseException) -> str:
    """Return what ``error`` says, in one line."""
    first_line = (str(error) or type(error).__name__).splitlines()[0].rstrip(".")
    if refused := _REFUSED.search(first_line):
        return _REMEDIES[refused[1]]
    return without_passwords(first_line)


def without_passwords(text: str) -> str:
    """Return ``text`` with an ellipsis in the place of each address's password."""
    return _PASSWORD.sub(r"\1:…@", text)


def warn(error: BaseException) -> None:
    """Say in one line that MLflow could not be reached, and what completes it."""
    print(f"warning: MLflow: {one_line(error)}; run `make sync` to complete it from the results", file=sys.stderr)
