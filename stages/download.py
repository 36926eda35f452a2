"""Download the raw data set and verify it.

Reads:  params.yaml (dataset), data/<dataset>.yaml; files placed by hand in data/manual/<dataset>/, where it exists
Writes: data/raw/, four decompressed IDX files
Run:    python -m stages.download
"""

import signal
import sys

from hemline.dataset import load_dataset
from hemline.errors import one_line_errors
from hemline.params import load_params
from hemline.sources import fetch


def main() -> None:
    """Bring the data set that params.yaml names into data/raw."""
    # Ended from outside, it still removes what it has half downloaded, and ends apt-get or npm.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    with one_line_errors():
        fetch(load_dataset(load_params().dataset))


if __name__ == "__main__":
    main()
