"""Download the raw data set and verify it.

Reads:  data/<data set>.yaml; files placed by hand in data/manual/<data set>/, where it exists
Writes: data/raw/, four decompressed IDX files
Run:    python -m stages.download fashion-mnist
"""

import signal
import sys

from hemline.data.description import load_dataset
from hemline.dependencies.running import check_code_unchanged
from hemline.download.sources import fetch
from hemline.errors import one_line_errors
from hemline.processes.durations import timed
from hemline.processes.leftovers import keep_temporary_files_apart
from hemline.terminal.arguments import parser


def main() -> None:
    """Download the data set named on the command line into data/raw."""
    arguments = parser(__doc__, "python -m stages.download fashion-mnist")
    arguments.add_argument("dataset", help="a file data/<dataset>.yaml")
    # SIGTERM removes incomplete downloads, and ends apt-get or npm.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    with one_line_errors(), timed():
        keep_temporary_files_apart()
        fetch(load_dataset(arguments.parse_args().dataset))
        check_code_unchanged()


if __name__ == "__main__":
    main()
