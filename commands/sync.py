"""Complete the MLflow store from what the workspace holds; a second time, it adds nothing.

Run: python -m commands.sync
"""

import sys

from hemline.errors import one_line_errors
from hemline.params import load_params
from hemline.tracking import store
from hemline.tracking.publish import publish_all


def main() -> None:
    """Give every model of the workspace its full run."""
    with one_line_errors():
        with store.reached():
            store.bring_along()
        if not publish_all(list(load_params().variants)):
            sys.exit(1)


if __name__ == "__main__":
    main()
