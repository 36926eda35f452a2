"""Write the versions of the libraries that compute results into versions.yaml, whose keys are parameters of the stages.

Reads:  requirements.lock
Writes: versions.yaml
Run:    python -m tools.versions
"""

import re
from pathlib import Path

from hemline.errors import InputError, one_line_errors
from hemline.terminal.arguments import parser

LIBRARIES = (
    "cleanlab",
    "jinja2",
    "keras",
    "matplotlib",
    "numpy",
    "optuna",
    "pandas",
    "pillow",
    "pyarrow",
    "scikit-learn",
    "scipy",
    "statsmodels",
    "tabulate",
    "tensorflow",
)
_HEADER = (
    "# Versions of what computes results, from requirements.lock; `make lock` writes them. Each is a parameter of the\n"
)
_HEADER += "# stages in dvc.yaml whose results it can change.\n\n"


def main() -> None:
    """Rewrite the file."""
    with one_line_errors():
        Path("versions.yaml").write_text(render(Path("requirements.lock").read_text()))


def render(lock: str) -> str:
    """Return the contents of versions.yaml for a lock file.

    Raises:
        InputError: a library is not in the lock file once.
    """
    lines = []
    for library in LIBRARIES:
        versions = re.findall(rf"^{library}==([^ ;]+)", lock, re.MULTILINE)
        if len(set(versions)) != 1:
            raise InputError(f"requirements.lock: must have {library} once, got {versions}")
        lines.append(f'{library}: "{versions[0]}"\n')
    return _HEADER + "".join(lines)


if __name__ == "__main__":
    parser(__doc__, "python -m tools.versions").parse_args()
    main()
