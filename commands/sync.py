"""Complete the MLflow store from what the workspace holds; a second time, it adds nothing.

Run: python -m commands.sync
"""

import sys
from pathlib import Path

from hemline.errors import one_line_errors
from hemline.params import load_params
from hemline.tracking.publish import publish_figures, publish_pictures


def main() -> None:
    """Give every model of the workspace its full run."""
    with one_line_errors():
        variants = list(load_params().variants)
        if not publish_figures(variants):
            sys.exit(1)
        if Path("reports/figures").is_dir() and not publish_pictures(variants):
            sys.exit(1)


if __name__ == "__main__":
    main()
